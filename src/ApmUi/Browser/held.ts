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
  if (document.querySelector('[data-problem]:not([hidden])')) return 'while it says why something was refused';
  if ([...document.querySelectorAll<HTMLFormElement>('main form[method=post]')].some(isWritten)) return 'while a form is filled in';
  return null;
}

/** Whether a field that is seen says something else than the server wrote into it. */
function isWritten(form: HTMLFormElement): boolean {
  return [...form.elements].some(field =>
    field instanceof HTMLInputElement ? (field.type === 'checkbox' || field.type === 'radio' ? field.checked !== field.defaultChecked : field.type !== 'hidden' && field.value !== field.defaultValue)
      : field instanceof HTMLTextAreaElement ? field.value !== field.defaultValue
        : field instanceof HTMLSelectElement && [...field.options].some(option => option.selected !== option.defaultSelected) && field.selectedIndex > 0);
}
