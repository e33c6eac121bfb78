/** What was written in some time. */
export interface Written {
  /** Bytes that went to the disk, as SQLite writes them; the file system adds its own. */
  readonly bytes: number;
  /** Times at which the disk was told to keep what it was given. */
  readonly fsyncs: number;
}

/** What was written in all, and lately; hours and days of the broker's clock. */
export interface MeterRecord {
  /** The hour that counts now, in hours since the epoch. */
  readonly hour: number;
  /** Since the store was made. */
  readonly total: Written;
  /** In this hour so far. */
  readonly thisHour: Written;
  /** In the hour before; nothing where the broker did not run then. */
  readonly lastHour: Written;
  /** In this day so far. */
  readonly thisDay: Written;
  /** In the day before. */
  readonly lastDay: Written;
}

const NOTHING: Written = { bytes: 0, fsyncs: 0 };
const HOUR = 3_600_000;
const HOURS_OF_DAY = 24;

/** What a new store's meter shows. */
export const EMPTY_METER: MeterRecord = {
  hour: 0,
  total: NOTHING,
  thisHour: NOTHING,
  lastHour: NOTHING,
  thisDay: NOTHING,
  lastDay: NOTHING,
};

/** The meter after something more was written. `now` is in milliseconds since the epoch. */
export function metered(
  record: MeterRecord,
  written: Written,
  now: number,
): MeterRecord {
  const { hour, total, thisHour, lastHour, thisDay, lastDay } = turned(
    record,
    Math.floor(now / HOUR),
  );
  return {
    hour,
    total: sum(total, written),
    thisHour: sum(thisHour, written),
    lastHour,
    thisDay: sum(thisDay, written),
    lastDay,
  };
}

/** The meter in this hour, if that has begun since. */
function turned(record: MeterRecord, hour: number): MeterRecord {
  const hours = hour - record.hour;
  if (hours <= 0) return record;
  const days = Math.floor(hour / HOURS_OF_DAY) -
    Math.floor(record.hour / HOURS_OF_DAY);
  const { total, thisHour, thisDay, lastDay } = record;
  return {
    hour,
    total,
    thisHour: NOTHING,
    lastHour: hours === 1 ? thisHour : NOTHING,
    thisDay: days === 0 ? thisDay : NOTHING,
    lastDay: days === 0 ? lastDay : days === 1 ? thisDay : NOTHING,
  };
}

function sum(a: Written, b: Written): Written {
  return { bytes: a.bytes + b.bytes, fsyncs: a.fsyncs + b.fsyncs };
}
