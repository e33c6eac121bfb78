/** What keeps a filter from standing in a rule. */
export interface FilterFault {
  /** Where in it, in characters from 0. */
  readonly at: number;
  /** What is wrong. */
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
}

/** Bytes of a topic filter at most [MQTT-4.7.3-3]. */
const LONGEST = 65_535;

/** Levels of a topic filter at most: mosquitto takes 200 slashes. */
const MOST_LEVELS = 201;

/**
 * What is wrong with the filter of a rule, if anything. In a pattern `%c` and `%u` must each be a whole level: that is
 * what mosquitto's documentation asks for, and mosquitto 2.1 does not replace them elsewhere.
 */
export function filterFault(
  filter: string,
  isPattern: boolean,
): FilterFault | undefined {
  if (new TextEncoder().encode(filter).length > LONGEST) {
    return { at: 0, message: `the topic is longer than ${LONGEST} bytes` };
  }
  const levels = filter.split("/");
  if (levels.length > MOST_LEVELS) {
    return { at: 0, message: `the topic has more than ${MOST_LEVELS} levels` };
  }
  let at = 0;
  for (const level of levels) {
    const fault = levelFault(level, {
      isPattern,
      isLast: at + level.length === filter.length,
    });
    if (fault !== undefined) return { ...fault, at: at + fault.at };
    at += level.length + 1;
  }
  return undefined;
}

function levelFault(
  level: string,
  { isPattern, isLast }: { isPattern: boolean; isLast: boolean },
): FilterFault | undefined {
  const hash = level.indexOf("#");
  if (hash >= 0 && level !== "#") {
    return {
      at: hash,
      message: "# is not a level of its own",
      hint: "write it behind a slash, as in plant/#",
    };
  }
  if (hash >= 0 && !isLast) {
    return {
      at: hash,
      message: "# is not the last level",
      hint: "write + for one level in the middle",
    };
  }
  const plus = level.indexOf("+");
  if (plus >= 0 && level !== "+") {
    return {
      at: plus,
      message: "+ is not a level of its own",
      hint: "write it between slashes, as in plant/+/state",
    };
  }
  const place = level.search(/%[cu]/);
  if (place < 0) return undefined;
  const name = level.slice(place, place + 2);
  if (!isPattern) {
    return {
      at: place,
      message: `${name} is replaced in patterns alone`,
      hint: "write pattern in place of topic; it holds for everybody then",
    };
  }
  if (level === name) return undefined;
  return {
    at: place,
    message: `${name} is not a level of its own`,
    hint: `write it between slashes, as in devices/${name}/state`,
  };
}
