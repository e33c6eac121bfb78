const DAYS = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const DAY = 86_400_000;

/** The part of the second, as six digits, of a moment in milliseconds since 1970. */
export function microseconds(moment: number): string {
  return String(Math.round(moment * 1000) % 1_000_000).padStart(6, "0");
}

/** What one letter of `strftime` stands for, at a local time; `undefined` for a letter that means nothing. */
export function strftime(letter: string, time: Date): string | undefined {
  const two = (number: number, pad = "0") => String(number).padStart(2, pad);
  const all = (letters: string) =>
    letters.replaceAll(/[a-zA-Z]/g, (one) => strftime(one, time)!);
  const hour = time.getHours() % 12 || 12;
  switch (letter) {
    case "a":
      return DAYS[time.getDay()]!.slice(0, 3);
    case "A":
      return DAYS[time.getDay()]!;
    case "b":
    case "h":
      return MONTHS[time.getMonth()]!.slice(0, 3);
    case "B":
      return MONTHS[time.getMonth()]!;
    case "c":
      return all("a b e H:M:S Y");
    case "C":
      return two(Math.floor(time.getFullYear() / 100));
    case "d":
      return two(time.getDate());
    case "D":
    case "x":
      return all("m/d/y");
    case "e":
      return two(time.getDate(), " ");
    case "F":
      return all("Y-m-d");
    case "G":
      return String(isoWeek(time).year);
    case "g":
      return two(isoWeek(time).year % 100);
    case "H":
      return two(time.getHours());
    case "I":
      return two(hour);
    case "j":
      return String(dayOfYear(time) + 1).padStart(3, "0");
    case "k":
      return two(time.getHours(), " ");
    case "l":
      return two(hour, " ");
    case "m":
      return two(time.getMonth() + 1);
    case "M":
      return two(time.getMinutes());
    case "n":
      return "\n";
    case "p":
      return time.getHours() < 12 ? "AM" : "PM";
    case "P":
      return time.getHours() < 12 ? "am" : "pm";
    case "r":
      return all("I:M:S p");
    case "R":
      return all("H:M");
    case "s":
      return String(Math.floor(time.getTime() / 1000));
    case "S":
      return two(time.getSeconds());
    case "t":
      return "\t";
    case "T":
    case "X":
      return all("H:M:S");
    case "u":
      return String(time.getDay() || 7);
    case "U":
      return two(Math.floor((dayOfYear(time) + 7 - time.getDay()) / 7));
    case "V":
      return two(isoWeek(time).week);
    case "w":
      return String(time.getDay());
    case "W":
      return two(
        Math.floor((dayOfYear(time) + 7 - (time.getDay() + 6) % 7) / 7),
      );
    case "y":
      return two(time.getFullYear() % 100);
    case "Y":
      return String(time.getFullYear());
    case "z":
      return offset(time);
    case "Z":
      return zone(time);
    default:
      return undefined;
  }
}

/** Days since the first of January. */
function dayOfYear(time: Date): number {
  const year = time.getFullYear();
  return (Date.UTC(year, time.getMonth(), time.getDate()) -
    Date.UTC(year, 0, 1)) / DAY;
}

/** The week of ISO 8601, and the year to which it belongs: that of its Thursday. */
function isoWeek(time: Date): { year: number; week: number } {
  const thursday = new Date(
    Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) +
      (3 - (time.getDay() + 6) % 7) * DAY,
  );
  const year = thursday.getUTCFullYear();
  const days = (thursday.getTime() - Date.UTC(year, 0, 1)) / DAY;
  return { year, week: Math.floor(days / 7) + 1 };
}

/** The time zone as `+0130`. */
function offset(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const size = Math.abs(minutes);
  const hours = String(Math.floor(size / 60)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${hours}${
    String(size % 60).padStart(2, "0")
  }`;
}

/** The time zone's short name, such as `CET`. */
function zone(time: Date): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" })
    .formatToParts(time);
  return parts.find(({ type }) => type === "timeZoneName")?.value ??
    offset(time);
}
