/**
 * One of the sixteen equal parts of a VPC's block, as Terraform's `cidrsubnet(block, 4, index)`.
 * @param index 0 to 15
 */
export function subnetBlock(block: string, index: number): string {
  const [address = "", length = ""] = block.split("/");
  const bits = Number(length);
  const mask = (0xffffffff << (32 - bits)) >>> 0;
  const base = (address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0) & mask) >>> 0;
  const start = base + index * 2 ** (32 - bits - 4);
  const bytes = [24, 16, 8, 0].map((shift) => (start >>> shift) & 0xff);
  return `${bytes.join(".")}/${bits + 4}`;
}
