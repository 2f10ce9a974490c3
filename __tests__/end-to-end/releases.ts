import { describe, expect, test } from "@jest/globals";
import type { FilesInWork } from "../support/files-in-work";
import type { TestPlatform } from "../support/local-platform";

/** Replaces the release before this one, which is deployed, by this one. */
export function upgradeRelease(platformOf: () => TestPlatform, filesOf: () => FilesInWork): void {
  describe("an upgrade", () => {
    test("loses nothing of files that are in work in every pipeline, and makes nothing of them twice", async () => {
      await filesOf().survive(() => platformOf().deploy(), {
        uploads: "dies",
        manifests: "goes on",
        ledger: "dies",
      });
      await expectNothingLost(filesOf());
    });
  });
}

async function expectNothingLost(files: FilesInWork): Promise<void> {
  const accounts = await files.accounts();
  expect(accounts).toEqual(
    accounts.map((file) => ({
      ...file,
      rowsIn: Number(file?.rowsOut) + Number(file?.deadLetters),
      rowsOut: expect.any(Number),
      lost: 0,
      duplicated: 0,
    })),
  );
}
