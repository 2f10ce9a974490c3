export const MINUTE_MILLISECONDS = 60_000;
const EARLY_MILLISECONDS = 50;

export interface Clock {
  /** Does `work` once in every minute, until what it returns is called. */
  eachMinute(work: (time: Date) => void): () => void;
}

export const timeOfDay: Clock = {
  eachMinute(work) {
    let timer: NodeJS.Timeout;
    // a timer may be early: what it does shall lie in the minute that it is for
    const untilNext = () => MINUTE_MILLISECONDS - (Date.now() % MINUTE_MILLISECONDS) + EARLY_MILLISECONDS;
    const wait = () => {
      timer = setTimeout(() => {
        work(new Date());
        wait();
      }, untilNext());
    };
    wait();
    return () => clearTimeout(timer);
  },
};
