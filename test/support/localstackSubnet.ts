import type { Emulator } from "../../localstack/ministack/startMinistack.ts"

/**
 * A subnet of LocalStack's default VPC: its RunTask takes no invented one for an awsvpc task. Asked by a bare query, as
 * nothing else here needs a client of EC2; LocalStack reads only the service's name of the signature.
 */
export const localstackSubnet = async (
  { endpoint, region }: Pick<Emulator, "endpoint" | "region">
): Promise<string> => {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization:
        `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/ec2/aws4_request, SignedHeaders=host, Signature=none`
    },
    body: "Action=DescribeSubnets&Version=2016-11-15"
  })
  const subnet = /<subnetId>(subnet-[0-9a-f]+)</.exec(await response.text())?.[1]
  if (subnet === undefined) throw new Error("LocalStack has no subnet")
  return subnet
}
