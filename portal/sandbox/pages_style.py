"""The look of the pages that the payment companies of the sandbox show: one small sheet, light and dark."""

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d9dce3, #3a3f4b); --quiet: light-dark(#555b66, #a3a9b5);
  --paper: light-dark(#fff, #1d2028); --ink: light-dark(#16181d, #eceef2); --act: light-dark(#0b57d0, #a8c7fa);
  --on-act: light-dark(#fff, #062e6f); --good: light-dark(#146c2e, #7fd797); --bad: light-dark(#b3261e, #f2b8b5) }
* { box-sizing: border-box }
body { font: 1rem/1.5 system-ui, "PingFang SC", "Noto Sans SC", "Microsoft YaHei", sans-serif; margin: 0;
  color: var(--ink); background: light-dark(#eef0f4, #121419) }
main { display: grid; gap: .875rem; max-inline-size: 28rem; margin-inline: auto; padding: 1rem;
  grid-template-columns: minmax(0, 1fr) }
h1 { font-size: 1.3rem; line-height: 1.35; margin: 0 }
h2 { font-size: 1rem; line-height: 1.35; margin: 0 }
p { margin: .25rem 0; overflow-wrap: anywhere }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 1rem; padding: 1rem }
.small { font-size: .8125rem; color: var(--quiet) }
.money { font-size: 1.8rem; font-weight: 700; line-height: 1.3; font-variant-numeric: tabular-nums }
.state { font-weight: 600 }
.good { color: var(--good) }
.bad { color: var(--bad) }
form { display: grid; gap: .5rem; margin-block-start: .625rem }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin-block-start: .625rem }
label { font-size: .875rem }
button, input { font: inherit; min-block-size: 2.75rem; border-radius: .75rem; border: 1px solid var(--line);
  padding: .375rem .875rem; color: inherit; background: transparent; inline-size: 100% }
.buttons button, .buttons form { inline-size: auto; margin: 0 }
button { cursor: pointer; color: var(--act); font-weight: 600 }
button.main { background: var(--act); color: var(--on-act); border-color: transparent }
button.card { display: grid; text-align: start; font-weight: 400; color: inherit }
button.card span:first-child { font-variant-numeric: tabular-nums }
button.card span:last-child { font-size: .875rem; color: var(--quiet) }
button.no { color: var(--bad) }
a { color: var(--act) }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
"""
