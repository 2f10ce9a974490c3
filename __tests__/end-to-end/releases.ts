import { describe, expect, test } from "@jest/globals";
import type { FilesInWork } from "../support/files-in-work";
import type { TestPlatform } from "../support/local-platform";

/** Goes back to the release before this one, and upgrades it again. */
export function changeReleases(
  platformOf: () => TestPlatform,
  filesOf: () => FilesInWork,
  former: () => string,
): void {
  const nothing =
    "loses nothing of files that are in work in every pipeline, and makes nothing of them twice";

  describe("the way back to the release before", () => {
    test("says what that release does not have, and would give up", async () => {
      const refused = platformOf().deploy(former());
      await expect(refused).rejects.toThrow(/this is deployed, the settings no longer have it/);
    });

    test(nothing, async () => {
      await filesOf().survive(() => platformOf().deploy(former(), "--discard"), {
        uploads: "goes on",
        manifests: "dies",
        ledger: "goes on",
      });
      await expectNothingLost(filesOf());
    });
  });

  describe("an upgrade of the release before", () => {
    test(nothing, async () => {
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
