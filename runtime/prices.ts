/** List prices of AWS Glue in us-east-1 and most regions, in US dollars. */

/** Data processing units that a worker is billed for. */
export const DPUS: Readonly<Record<string, number>> = {
  "G.025X": 0.25,
  "G.1X": 1,
  "G.2X": 2,
  "G.4X": 4,
  "G.8X": 8,
};

export const DOLLARS_PER_DPU_HOUR = 0.44;
