// Forms whose answer may be a refusal: what was typed stays, and the reason stands in the form. Ctrl+S saves.

import { go } from './nav';

document.addEventListener('submit', event => {
  const form = event.target as HTMLFormElement;
  const problem = form.querySelector<HTMLElement>('[data-problem]');
  if (!problem || event.defaultPrevented) return;
  event.preventDefault();
  void send(form, problem);
});

async function send(form: HTMLFormElement, problem: HTMLElement): Promise<void> {
  problem.hidden = true;
  try {
    const fields = new FormData(form);
    const body = form.enctype === 'multipart/form-data' ? fields : new URLSearchParams([...fields].map(([name, value]) => [name, String(value)]));
    const response = await fetch(form.action, { method: 'POST', body });
    if (response.ok) {
      for (const area of form.querySelectorAll('textarea')) area.defaultValue = area.value; // It is saved now.
      go(response.url);
      return;
    }
    const text = await response.text();
    problem.textContent = response.headers.get('content-type')?.startsWith('text/plain') && text ? text : `The server answered ${response.status}. Nothing was saved.`;
  } catch {
    problem.textContent = 'The server cannot be reached. Nothing was saved; what is typed is still here.';
  }
  problem.hidden = false;
}

addEventListener('keydown', event => {
  if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return;
  const form = document.querySelector<HTMLFormElement>('#widget-form, #board-form');
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});
