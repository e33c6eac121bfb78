/** Stand-in for `@std/log/levels`, for machines that cannot reach JSR. */

/** The levels, each with its number: the higher, the graver. */
export const LogLevels = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARN: 30,
  ERROR: 40,
  CRITICAL: 50,
} as const;

/** A level's name. */
export type LevelName = keyof typeof LogLevels;

/** A level's number. */
export type LogLevel = typeof LogLevels[LevelName];

/** The names of all levels, from the lowest. */
export const LogLevelNames: LevelName[] = Object.keys(LogLevels) as LevelName[];

/** The number of a level; throws for a name that is none. */
export function getLevelByName(name: LevelName): LogLevel {
  if (Object.hasOwn(LogLevels, name)) return LogLevels[name];
  throw new Error(`Cannot get log level: no level named ${name}`);
}

/** The name of a level; throws for a number that is none. */
export function getLevelName(level: LogLevel): LevelName {
  const name = LogLevelNames.find((name) => LogLevels[name] === level);
  if (name !== undefined) return name;
  throw new Error(`Cannot get log level: no name for level: ${level}`);
}
