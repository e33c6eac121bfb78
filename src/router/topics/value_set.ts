/** Up to here an array is smaller and no slower than a Set. */
const ARRAY_UP_TO = 8;

/** Values without duplicates, in the order in which they came: an array for a few, a Set for many. */
export type ValueSet<T> = T[] | Set<T>;

/** Adds `value` and gives the set to go on with; the same one where it was in already. */
export function withValue<T>(
  values: ValueSet<T> | undefined,
  value: T,
): ValueSet<T> {
  if (values === undefined) return [value];
  if (values instanceof Set) return values.add(value);
  if (values.includes(value)) return values;
  return values.length < ARRAY_UP_TO
    ? [...values, value]
    : new Set(values).add(value);
}

/** Takes `value` out and tells whether it was in. */
export function removeValue<T>(values: ValueSet<T>, value: T): boolean {
  if (values instanceof Set) return values.delete(value);
  const index = values.indexOf(value);
  if (index < 0) return false;
  values.splice(index, 1);
  return true;
}

/** How many values are in. */
export function valueCount<T>(values: ValueSet<T>): number {
  return values instanceof Set ? values.size : values.length;
}

/** Adds all values at the end of `out`. */
export function pushValues<T>(values: ValueSet<T>, out: T[]): void {
  for (const value of values) out.push(value);
}
