// Keys of every page (ui.md §2). Ignored while typing. What they press are links and buttons of the page, found by data-key,
// so that nothing can be reached by a key alone. Islands come first; what they use arrives here as defaultPrevented.

import { go, onPage } from './nav';
import { compare, unfold } from './unfold';

/** When g was pressed last, which the next key may belong to; never, in a page that is younger than that takes. */
let prefix = -Infinity;
/** The row that the cursor is on: the trace, or where its link leads. A page that is rendered anew has it in another place. */
let cursor: string | null = null;

addEventListener('keydown', event => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.composedPath()[0] as HTMLElement;
  if (target.closest?.('input, textarea, select, [contenteditable]')) {
    if (event.key === 'Escape') target.blur();
    return;
  }
  if (document.querySelector('dialog:popover-open')) return;
  const chord = performance.now() - prefix < 1200;
  prefix = -Infinity;
  if (chord && press('g ' + event.key)) { event.preventDefault(); return; }
  if (event.key === 'g' && !event.repeat) { prefix = performance.now(); return; }
  if (used(event.key, event)) event.preventDefault();
});

function used(key: string, event: KeyboardEvent): boolean {
  switch (key) {
    case 'j': return moveCursor(1);
    case 'k': return moveCursor(-1);
    case 'c': return compare(current());
    case 'Enter': return !(event.composedPath()[0] as Element).closest?.('a, button, summary') && (unfold(current()) || open('[data-open]', 'a.main', 'a'));
    case 'o': return open('a.main', 'a');
    case 'C': {
      const share = document.querySelector<HTMLElement>('[data-share]');
      share?.click();
      return share !== null;
    }
    case 'Escape': return closeOne();
    default: return key.length === 1 && press(key);
  }
}

function press(key: string): boolean {
  const element = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (!element || element.getAttribute('aria-disabled') === 'true') return false;
  if (element instanceof HTMLInputElement || element instanceof HTMLSelectElement) {
    element.focus();
    if (element instanceof HTMLInputElement) element.select();
  } else if (element instanceof HTMLAnchorElement) go(element.href);
  else element.click();
  return true;
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('main table.t[data-rows] tbody tr:not(.unfolded)')];
}

function current(): HTMLElement | undefined {
  return rows().find(row => row.classList.contains('cursor'));
}

function keyOf(row: HTMLElement): string {
  return row.dataset['trace'] ?? row.querySelector('[data-open], a.main, a')?.getAttribute('href') ?? row.innerText;
}

function moveCursor(by: number): boolean {
  const list = rows();
  if (list.length === 0) return false;
  const at = list.findIndex(row => row.classList.contains('cursor'));
  const to = list[Math.min(list.length - 1, Math.max(0, at + by))]!;
  cursor = keyOf(to);
  for (const row of list) row.classList.toggle('cursor', row === to);
  to.scrollIntoView({ block: 'nearest' });
  const say = document.getElementById('say');
  if (say) say.textContent = to.innerText.replace(/\s+/g, ' ').slice(0, 160);
  return true;
}

function open(...selectors: string[]): boolean {
  const row = current();
  for (const selector of row ? selectors : []) {
    const link = row!.querySelector<HTMLAnchorElement>(selector);
    if (link) { go(link.href); return true; }
  }
  return false;
}

/** Escape goes one level back: an open popover, the row cursor, then the panel. */
function closeOne(): boolean {
  if (document.querySelector('[popover]:popover-open')) return false;
  const row = current();
  if (row) {
    cursor = null;
    row.classList.remove('cursor');
    return true;
  }
  const close = document.querySelector<HTMLAnchorElement>('[data-close]');
  if (close) go(close.href);
  return close !== null;
}

onPage(() => {
  if (cursor === null) return;
  const at = rows().find(row => keyOf(row) === cursor);
  for (const row of document.querySelectorAll('tr.cursor')) row.classList.toggle('cursor', row === at);
  at?.classList.add('cursor');
  if (!at) cursor = null;
});
addEventListener('popstate', () => { cursor = null; });
