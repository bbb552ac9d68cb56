// Forms marked data-passkey ask the browser for a passkey and are sent with its answer.
// "create" and "get" find their options in the JSON element that data-options names; "sign-in" asks the server for them.
(() => {
  "use strict";

  const WORDS = {
    NotAllowedError: "Nothing happened: the device was not asked, said no, or took too long. Try again.",
    InvalidStateError: "This device has a passkey for this account already.",
    SecurityError: "Passkeys work only on https and on localhost.",
    NotSupportedError: "This device has no passkeys of the kind that is needed.",
  };

  const optionsOf = async (form) => {
    if (form.dataset.options) return JSON.parse(document.getElementById(form.dataset.options).textContent);
    const response = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error("the server did not answer");
    return response.json();
  };

  const create = (given, alone) => {
    const options = structuredClone(given);
    const choice = (options.publicKey.authenticatorSelection ??= {});
    choice.residentKey = alone ? "required" : "discouraged";
    choice.requireResidentKey = alone;
    if (alone) choice.userVerification = "required";
    return window.webauthnJSON.create(options);
  };

  const ask = async (form) => {
    const data = await optionsOf(form);
    if (form.dataset.passkey !== "create") return window.webauthnJSON.get(data.request_options);
    return create(data.creation_options, form.elements.passwordless?.checked ?? false);
  };

  const send = async (event) => {
    const form = event.target;
    if (!form.matches("form[data-passkey]")) return;
    event.preventDefault();
    const problem = form.querySelector("[role=alert]");
    problem.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await ask(form));
      form.submit();
    } catch (error) {
      problem.textContent = window.PublicKeyCredential
        ? (WORDS[error.name] ?? "The passkey could not be used. Try again.")
        : "This browser has no passkeys, or the page did not come by https.";
      problem.hidden = false;
    }
  };

  document.addEventListener("submit", send);
})();
