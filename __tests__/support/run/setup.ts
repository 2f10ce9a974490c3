export { makeSynthesizedStacks as default } from "../synthesized-stacks";
