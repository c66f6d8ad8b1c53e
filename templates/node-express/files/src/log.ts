import { type Logger, pino } from "pino";

export type { Logger };

/** Logs JSON lines, with levels as words and times that people can read. */
export function logger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}
