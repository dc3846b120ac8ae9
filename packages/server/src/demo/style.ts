/** The shop's style sheet. */
export const style = `
:root { color-scheme: light dark; --ink: light-dark(#1f2933, #e6e9ed); --paper: light-dark(#fbfaf7, #15191e); --card: light-dark(#fff, #1e242b);
  --line: light-dark(#dfdacd, #363e48); --soft: light-dark(#5c6773, #a4aeb9); --accent: light-dark(#17614f, #6fd0b5); --on: light-dark(#fff, #0d1a16); --notice: light-dark(#e4f1ec, #1c332c); --bad: light-dark(#fbe6e1, #45241d); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.05rem/1.55 system-ui, sans-serif; display: flex; flex-direction: column; min-height: 100vh; }
header, main, footer { width: 100%; max-width: 62rem; margin: 0 auto; padding: 1rem 1.25rem; }
header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1.5rem; min-height: 4.6rem; border-bottom: 1px solid var(--line); }
nav { display: flex; flex-wrap: wrap; align-items: center; gap: 1.25rem; }
main { flex: 1; padding-block: 1.5rem 2.5rem; }
footer { color: var(--soft); font-size: .85rem; border-top: 1px solid var(--line); }
a { color: var(--accent); }
.brand { font: 600 1.5rem/1 Georgia, serif; color: var(--ink); text-decoration: none; }
h1 { font: 600 2rem/1.2 Georgia, serif; margin: .5rem 0 1rem; }
h2 { font-size: 1.05rem; margin: 0; }
.lead { max-width: 40rem; color: var(--soft); }
.count { display: inline-block; min-width: 1.6em; padding: 0 .45em; border-radius: 1em; background: var(--accent); color: var(--on); text-align: center; font-size: .85em; }
.flash { padding: .7rem 1rem; border-left: 4px solid var(--accent); background: var(--notice); border-radius: 4px; margin: 0 0 1rem; }
.wrong { border-color: light-dark(#b3361b, #ff9b82); background: var(--bad); }
button, .button { font: inherit; font-weight: 600; padding: .4rem 1rem; border: 1px solid var(--accent); border-radius: 6px; background: var(--accent); color: var(--on); cursor: pointer; text-decoration: none; display: inline-block; }
button.plain { background: none; color: var(--accent); border-color: transparent; padding: .4rem 0; font-weight: 400; text-decoration: underline; }
button:hover, .button:hover { filter: brightness(1.1); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.goods, .devices { list-style: none; padding: 0; margin: 1.5rem 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.devices { grid-template-columns: 1fr; }
.goods li, .devices li, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem; }
.goods li { display: flex; flex-direction: column; }
.goods p { color: var(--soft); margin: .2rem 0 1rem; flex: 1; }
.goods form { display: flex; justify-content: space-between; align-items: center; }
.goods svg { width: 3rem; height: 3rem; margin-bottom: .7rem; fill: none; stroke: var(--accent); stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }
.price { font-variant-numeric: tabular-nums; }
.here { white-space: nowrap; font-size: .8rem; font-weight: 400; padding: .1rem .6rem; border-radius: 1em; background: var(--notice); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .4rem 1.5rem; margin: .6rem 0; }
.wide { grid-column: 1 / -1; }
dt { font-size: .8rem; color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.card { max-width: 24rem; }
.card p { margin: 0 0 1rem; }
.note { color: var(--soft); font-size: .9rem; }
label { display: block; font-weight: 600; margin-bottom: .2rem; }
input, select { font: inherit; width: 100%; padding: .45rem .6rem; border: 1px solid var(--soft); border-radius: 6px; background: var(--paper); color: inherit; }
table { border-collapse: collapse; width: 100%; max-width: 40rem; margin-bottom: 1.5rem; }
th, td { text-align: left; padding: .5rem .5rem .5rem 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
tbody th { font-weight: 400; }
.hidden, .skip:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
