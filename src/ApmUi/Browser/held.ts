// Whether somebody reads or works on the page right now, so that it must not move by itself.

/** Why the page holds still, in words; null when nobody minds. */
export function held(): string | null {
  const active = document.activeElement;
  if (document.querySelector('.t tbody:hover')) return 'while the pointer is over the list';
  if (document.querySelector('[popover]:popover-open')) return 'while something is open';
  const holding = document.querySelector<HTMLElement>('[data-hold]');
  if (holding) return holding.dataset['hold']!;
  if (document.querySelector('[data-selecting]')) return 'while a range is being chosen';
  if (getSelection()?.type === 'Range') return 'while text is selected';
  if (document.querySelector('td.tick input:checked')) return 'while something is ticked';
  if (document.querySelector('tr.unfolded')) return 'while a row is unfolded';
  if (document.querySelector('.t tbody tr.cursor')) return 'while a row is chosen';
  if ((active instanceof HTMLInputElement && active.value !== active.defaultValue) || active instanceof HTMLSelectElement) return 'while something is typed';
  return null;
}
