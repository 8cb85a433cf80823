import { describe, expect, it } from "vitest"
import { judgeAccount } from "../../../../src/cp/auth/iam/judgeAccount.ts"
import { judgePrincipal } from "../../../../src/cp/auth/iam/judgePrincipal.ts"
import type { CallerIdentity } from "../../../../src/cp/auth/iam/readStsAnswer.ts"
import { parseRoleArn } from "../../../../src/cp/auth/iam/roleArn.ts"
import { reasonOf } from "../support/verdict.ts"

const good: CallerIdentity = {
  account: "123456789012",
  arn: "arn:aws:sts::123456789012:assumed-role/demo-app/0123456789abcdef",
  userId: "AROAIOSFODNN7EXAMPLE:0123456789abcdef"
}

const judge = (change: Partial<CallerIdentity>): string => reasonOf(judgePrincipal({ ...good, ...change }, "aws"))

it("reads account, role, role id and session from a caller", () => {
  expect(judgePrincipal(good, "aws")).toMatchObject({
    success: {
      partition: "aws",
      accountId: "123456789012",
      roleName: "demo-app",
      roleId: "AROAIOSFODNN7EXAMPLE",
      sessionName: "0123456789abcdef"
    }
  })
})

describe("refuses a principal that isn't an assumed role:", () => {
  it.each([
    ["a user", "arn:aws:iam::123456789012:user/demo-app"],
    ["the account's root", "arn:aws:iam::123456789012:root"],
    ["a role that isn't assumed", "arn:aws:iam::123456789012:role/demo-app"],
    ["a federated user", "arn:aws:sts::123456789012:federated-user/demo-app"],
    ["a service", "ecs-tasks.amazonaws.com"],
    ["nothing", ""]
  ])("%s", (_, arn) => expect(judge({ arn })).toBe("Refused: NotAnAssumedRole"))
})

describe("refuses an ARN that only looks like an assumed role's:", () => {
  it.each([
    ["an extra slash before the role", "arn:aws:sts::123456789012:assumed-role//demo-app/0123"],
    ["a path", "arn:aws:sts::123456789012:assumed-role/path/demo-app/0123"],
    ["an extra slash at the end", "arn:aws:sts::123456789012:assumed-role/demo-app/0123/"],
    ["no session", "arn:aws:sts::123456789012:assumed-role/demo-app"],
    ["an empty session", "arn:aws:sts::123456789012:assumed-role/demo-app/"],
    ["a wildcard", "arn:aws:sts::123456789012:assumed-role/*/0123"],
    ["a prefix", "xarn:aws:sts::123456789012:assumed-role/demo-app/0123"],
    ["a suffix on a further line", "arn:aws:sts::123456789012:assumed-role/demo-app/0123\n"],
    ["another service", "arn:aws:iam::123456789012:assumed-role/demo-app/0123"],
    ["a region", "arn:aws:sts:us-east-1:123456789012:assumed-role/demo-app/0123"],
    ["a short account", "arn:aws:sts::12345678901:assumed-role/demo-app/0123"],
    ["digits that aren't ASCII", "arn:aws:sts::１２３456789012:assumed-role/demo-app/0123"],
    ["upper case", "ARN:AWS:STS::123456789012:ASSUMED-ROLE/demo-app/0123"],
    ["an unknown partition", "arn:aws-evil:sts::123456789012:assumed-role/demo-app/0123"]
  ])("%s", (_, arn) => expect(judge({ arn })).toBe("Refused: NotAnAssumedRole"))
})

it("refuses a role of another partition", () => {
  expect(judge({ arn: good.arn.replace("arn:aws:", "arn:aws-cn:") })).toBe("Refused: PartitionWrong")
})

describe("refuses account, ARN and user id that don't agree:", () => {
  it.each([
    ["another account", { account: "210987654321" }],
    ["an account that only starts so", { account: "1234567890123" }],
    ["another session in the user id", { userId: "AROAIOSFODNN7EXAMPLE:fedcba9876543210" }],
    ["no session in the user id", { userId: "AROAIOSFODNN7EXAMPLE" }],
    ["a user's id", { userId: "AIDAIOSFODNN7EXAMPLE:0123456789abcdef" }],
    ["two colons", { userId: "AROAIOSFODNN7EXAMPLE:x:0123456789abcdef" }],
    ["an id in lower case", { userId: "aroaiosfodnn7example:0123456789abcdef" }]
  ])("%s", (_, change) => expect(judge(change)).toBe("Refused: IdentityInconsistent"))
})

describe("of the account", () => {
  it("refuses everyone where the list is empty", () => {
    expect(reasonOf(judgeAccount("123456789012", []))).toBe("Refused: AccountNotAuthorized")
  })
  it("refuses one that isn't listed, in full", () => {
    for (const listed of ["210987654321", "12345678901", "*", ""]) {
      expect(reasonOf(judgeAccount("123456789012", [listed]))).toBe("Refused: AccountNotAuthorized")
    }
    expect(reasonOf(judgeAccount("123456789012", ["210987654321", "123456789012"]))).toBe("accepted")
  })
})

describe("a role's ARN", () => {
  it("has its name behind the path", () => {
    expect(parseRoleArn("arn:aws:iam::123456789012:role/demo-app")).toMatchObject({ path: "/", name: "demo-app" })
    expect(parseRoleArn("arn:aws:iam::123456789012:role/a/b/app")).toMatchObject({ path: "/a/b/", name: "app" })
  })
  it.each([
    "arn:aws:iam::123456789012:role/",
    "arn:aws:iam::123456789012:role//demo-app",
    "arn:aws:iam::123456789012:user/demo-app",
    "arn:aws:sts::123456789012:assumed-role/demo-app/x",
    "demo-app"
  ])("isn't %s", (arn) => expect(parseRoleArn(arn)).toBeUndefined())
})
