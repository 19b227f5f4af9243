"use strict";
(() => {
  const findings = [...document.querySelectorAll("details.finding")];
  const filter = document.getElementById("filter");
  if (filter) {
    filter.hidden = false;
    const text = document.getElementById("filter-text");
    const severity = document.getElementById("filter-severity");
    const sort = document.getElementById("filter-sort");
    const count = document.getElementById("filter-count");
    // Read once, when the page is at rest or at the first use: the text of ten thousand findings is long.
    let texts = null;
    const read = () => { texts = texts || findings.map((item) => item.textContent.toLowerCase()); };
    (globalThis.requestIdleCallback || setTimeout)(read);
    const apply = () => {
      const words = text.value.toLowerCase();
      if (words) read();
      let shown = 0;
      findings.forEach((item, nth) => {
        const hit = (!severity.value || item.dataset.severity === severity.value) && (!words || texts[nth].includes(words));
        if (item.hidden === hit) item.hidden = !hit;
        shown += hit ? 1 : 0;
      });
      count.textContent = shown + " of " + findings.length + " shown";
    };
    const order = new Map(findings.map((item, nth) => [item, nth]));
    sort.addEventListener("change", () => {
      const keys = { policy: "summary .where i", asset: "summary .where code" };
      const key = new Map(findings.map((item) => [item, keys[sort.value] ? item.querySelector(keys[sort.value]).textContent : ""]));
      const by = (item) => key.get(item);
      const sorted = [...findings].sort((one, other) => by(one).localeCompare(by(other)) || order.get(one) - order.get(other));
      const home = findings[0].parentNode;
      sorted.forEach((item) => home.appendChild(item));
    });
    text.addEventListener("input", apply);
    severity.addEventListener("change", apply);
    document.getElementById("filter-open").addEventListener("click", () => findings.forEach((item) => { if (!item.hidden) item.open = true; }));
  }
  // A button on each patch, made when its finding is opened.
  document.addEventListener("toggle", (event) => {
    const patch = event.target.querySelector && event.target.open && event.target.querySelector("pre.patch");
    if (!patch || patch.nextElementSibling && patch.nextElementSibling.className === "copy") return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy the patch";
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(patch.textContent); button.textContent = "Copied"; } catch { getSelection().selectAllChildren(patch); button.textContent = "Selected: copy it with the keyboard"; }
    });
    patch.after(button);
  }, true);
  const follow = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", follow);
  follow();
  addEventListener("beforeprint", () => findings.forEach((item) => { item.open = true; }));

  // RFC 9162, 2.1.3.2: from the leaf up to the root.
  const result = document.getElementById("reverified");
  if (!result) return;
  if (!globalThis.crypto || !crypto.subtle || !globalThis.DecompressionStream) { result.textContent = "This browser offers no WebCrypto or no decompression here, so the page did not verify its own proofs."; return; }
  const unpacked = async () => {
    const packed = Uint8Array.from(atob(document.getElementById("aedile-run").textContent), (character) => character.charCodeAt(0));
    return JSON.parse(await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text());
  };
  let run, ledger;
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
  const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const sha = async (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) { all.set(part, at); at += part.length; }
    return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  };
  const leads = async (proof) => {
    let hash = await sha(new Uint8Array([0]), new TextEncoder().encode(proof.entry));
    let fn = BigInt(proof.index), sn = BigInt(ledger.size) - 1n;
    if (fn > sn) return false;
    for (const step of proof.hashes) {
      if (sn === 0n) return false;
      const other = bytes(step);
      if ((fn & 1n) === 1n || fn === sn) {
        hash = await sha(new Uint8Array([1]), other, hash);
        while ((fn & 1n) === 0n && fn !== 0n) { fn >>= 1n; sn >>= 1n; }
      } else {
        hash = await sha(new Uint8Array([1]), hash, other);
      }
      fn >>= 1n; sn >>= 1n;
    }
    return sn === 0n && hex(hash) === ledger.root;
  };
  const shown = (proof, finding) => {
    const entry = JSON.parse(proof.entry);
    const element = document.getElementById("f-" + finding.fingerprint);
    return entry.run === run.run.id && entry.data.fingerprint === finding.fingerprint && entry.data.severity === finding.severity
      && entry.data.verdict === finding.verdict && entry.data.title === finding.title && entry.data.asset === finding.asset.id
      && element && element.dataset.severity === entry.data.severity && element.querySelector(".title").textContent === entry.data.title.replaceAll("`", "");
  };
  (async () => {
    run = await unpacked();
    ledger = run.ledger;
    const root = hex(Uint8Array.from(atob(ledger.checkpoint.split("\n")[2]), (character) => character.charCodeAt(0)));
    const broken = [];
    if (root !== ledger.root) broken.push("the checkpoint");
    if (run.findings.length !== ledger.proofs.length || run.findings.length !== findings.length) broken.push("the number of findings");
    for (let nth = 0; nth < ledger.proofs.length; nth += 1) {
      const finding = run.findings[nth];
      if (!finding || !(await leads(ledger.proofs[nth])) || !shown(ledger.proofs[nth], finding)) broken.push("finding " + (finding ? finding.fingerprint : nth));
    }
    result.className = "note " + (broken.length ? "not-satisfied" : "satisfied");
    result.textContent = broken.length
      ? "This page was changed after it was written: " + broken.slice(0, 5).join(", ") + (broken.length > 5 ? " and " + (broken.length - 5) + " more" : "") + " do not lead to the root " + ledger.root + "."
      : "Your browser recomputed the proofs of all " + ledger.proofs.length + " findings: each leads to the root " + ledger.root + ". Who signed the checkpoint was not checked here; aedile log verify-proof does.";
  })().catch(() => { result.className = "note not-satisfied"; result.textContent = "The proofs on this page cannot be read: it was changed after it was written."; });
})();
