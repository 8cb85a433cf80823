/** Whether a name is one that ECS gives its tasks; an emulator's are UUIDs. Pure. */

const ID = /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const isTaskId = (name: string): boolean => ID.test(name)
