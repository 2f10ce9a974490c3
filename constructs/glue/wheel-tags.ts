/**
 * Returns whether a wheel is for this Python, as `3.11`, on Linux x86_64, by the tags in its name.
 *
 * @see https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/ (2026-12-01)
 */
export function wheelFits(name: string, python: string): boolean {
  const [platform = "", abi = "", interpreter = ""] = name
    .replace(/\.whl$/, "")
    .split("-")
    .reverse();
  const [, minor = ""] = python.split(".");
  return (
    platform.split(".").some((tag) => /^(any|(manylinux|linux)\w*_x86_64)$/.test(tag)) &&
    interpreter.split(".").some((tag) => {
      if (tag === "py3") return true;
      const [, built] = /^cp3(\d+)$/.exec(tag) ?? [];
      return built === minor || (abi === "abi3" && Number(built) <= Number(minor));
    })
  );
}
