// Tells the server how far this browser's clock is from its own, by the date of an answer: the doctor says so when it is much.

/** A difference that a slow answer and whole seconds make; what is within it is not told anew. */
const sameSeconds = 5;

/** From here on it is told at once (TD31). */
const muchSeconds = 60;

/** Sets the cookie `apm_skew` to whole seconds that this clock is ahead. True when the page would say something else now. */
export function tellClock(response: Response): boolean {
  const theirs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return false;
  const seconds = Math.round((Date.now() - theirs) / 1000);
  const told = Number(/(?:^|; )apm_skew=(-?\d+)/.exec(document.cookie)?.[1] ?? 'none');
  if (Math.abs(seconds - told) <= sameSeconds) return false;
  document.cookie = `apm_skew=${seconds}; path=/; samesite=lax`; // For as long as the browser runs: a clock may be set right.
  return Math.abs(seconds) >= muchSeconds || Math.abs(told) >= muchSeconds;
}
