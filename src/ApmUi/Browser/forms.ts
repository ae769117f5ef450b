// Forms whose answer may be a refusal: what was typed stays, and the reason stands in the form. A button may have an address of its own,
// whose answer stands beside it. A refusal that names a field stands at that field. Ctrl+S saves.

import { go } from './nav';

document.addEventListener('submit', event => {
  const form = event.target as HTMLFormElement;
  const problem = form.querySelector<HTMLElement>('[data-problem]');
  if (!problem || event.defaultPrevented) return;
  event.preventDefault();
  void send(form, problem, event.submitter);
});

async function send(form: HTMLFormElement, problem: HTMLElement, button: HTMLElement | null): Promise<void> {
  problem.hidden = true;
  forgetField(form);
  const answer = button?.hasAttribute('formaction') ? form.querySelector<HTMLElement>('[data-answer]') : null;
  if (answer) answer.textContent = '';
  try {
    const fields = new FormData(form);
    const body = form.enctype === 'multipart/form-data' ? fields : new URLSearchParams([...fields].map(([name, value]) => [name, String(value)]));
    const response = await fetch(button?.getAttribute('formaction') ?? form.action, { method: 'POST', body });
    if (response.ok && answer) {
      answer.textContent = await response.text();
      return;
    }
    if (response.ok) {
      for (const area of form.querySelectorAll('textarea')) area.defaultValue = area.value; // It is saved now.
      go(response.url);
      return;
    }
    const text = await response.text();
    if (text && showAtField(form, response.headers.get('apm-field'), text)) return;
    problem.textContent = response.headers.get('content-type')?.startsWith('text/plain') && text ? text : `The server answered ${response.status}. Nothing was saved.`;
  } catch {
    problem.textContent = 'The server cannot be reached. Nothing was saved; what is typed is still here.';
  }
  problem.hidden = false;
}

/** Shows a refusal at the field it is about. False when the form has no such field. */
function showAtField(form: HTMLFormElement, name: string | null, text: string): boolean {
  const field = name ? form.elements.namedItem(name) : null;
  if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement)) return false;
  const note = document.createElement('span');
  note.className = 'note err at-field';
  note.id = `${form.id}-${name}-problem`;
  note.setAttribute('role', 'alert');
  note.textContent = text;
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-describedby', note.id);
  field.after(note);
  field.focus();
  return true;
}

function forgetField(form: HTMLFormElement): void {
  for (const note of form.querySelectorAll('.at-field')) note.remove();
  for (const field of form.querySelectorAll('[aria-invalid]')) {
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-describedby');
  }
}

addEventListener('keydown', event => {
  if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return;
  const form = document.querySelector<HTMLFormElement>('#widget-form, #board-form, #monitor-form');
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});
