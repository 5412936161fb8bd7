"""The look of the sandbox operator's phone: one small sheet, light and dark, for a hand's width."""

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d9dce3, #3a3f4b); --quiet: light-dark(#555b66, #a3a9b5);
  --paper: light-dark(#fff, #1d2028); --ink: light-dark(#16181d, #eceef2); --act: light-dark(#0b57d0, #a8c7fa);
  --on-act: light-dark(#fff, #062e6f); --good: light-dark(#146c2e, #7fd797); --bad: light-dark(#b3261e, #f2b8b5) }
* { box-sizing: border-box }
body { font: 1rem/1.5 system-ui, "PingFang SC", "Noto Sans SC", "Microsoft YaHei", sans-serif; margin: 0;
  color: var(--ink); background: light-dark(#eef0f4, #121419) }
main { display: grid; gap: .875rem; max-inline-size: 27rem; margin-inline: auto; padding: 1rem;
  grid-template-columns: minmax(0, 1fr) }
h1 { font-size: 1.3rem; line-height: 1.35; margin: 0 }
h2 { font-size: 1.15rem; line-height: 1.35; margin: 0 0 .25rem }
p { margin: .25rem 0; overflow-wrap: anywhere }
ul { margin: .25rem 0; padding-inline-start: 1.25rem }
article, section, header { background: var(--paper); border: 1px solid var(--line); border-radius: 1rem; padding: 1rem }
article h2 { font-size: 1.6rem }
.small { font-size: .8125rem; color: var(--quiet) }
.empty { text-align: center; color: var(--quiet); padding: 1rem }
.money { white-space: nowrap; font-variant-numeric: tabular-nums }
.state { font-weight: 600 }
.succeeded { color: var(--good) }
.denied, .cancelled { color: var(--bad) }
.refund { border-block-start: 1px solid var(--line); margin-block-start: .75rem; padding-block-start: .5rem }
.message { border-start-start-radius: .25rem; background: light-dark(#e3edfd, #1c2a41); border-color: transparent }
.code { font-size: 2rem; letter-spacing: .3em; font-weight: 700; font-variant-numeric: tabular-nums }
button, input { font: inherit; min-block-size: 2.75rem; border-radius: .75rem; border: 1px solid var(--line);
  padding: .375rem .875rem; color: inherit; background: transparent }
input { padding-inline: .625rem }
button { cursor: pointer; color: var(--act); font-weight: 600 }
.approval { background: var(--act); color: var(--on-act); border-color: transparent }
.denial { color: var(--bad) }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin-block: .625rem }
.row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .25rem .375rem; margin-block-start: .75rem }
.row label { grid-column: 1 / -1; font-size: .8125rem; color: var(--quiet) }
table { inline-size: 100%; border-collapse: collapse }
th { text-align: start; font-weight: 400; overflow-wrap: anywhere }
td { text-align: end; vertical-align: top }
th, td { padding: .5rem 0; border-block-start: 1px solid var(--line) }
tfoot th, tfoot td { font-weight: 700 }
"""
