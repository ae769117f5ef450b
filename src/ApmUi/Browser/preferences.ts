// What a viewer likes, kept as cookies: the server renders them (ui.md §1).

/** For a year; "" stands for what is usual. */
export function setCookie(name: string, value: string): void {
  document.cookie = `apm_${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`;
}
