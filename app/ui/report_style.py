"""How a report looks, on the page and on paper. System fonts only; nothing is fetched."""

REPORT_CSS = """
.report .chips {display: flex; flex-wrap: wrap; gap: 4px; margin: .25rem 0}
.report .chip {font-size: .76rem; line-height: 1.4; border: 1px solid #0f766e; border-radius: 8px; padding: 0 .4rem}
.report .chip i {font-style: normal; opacity: .65; margin-left: .35rem}
.report .chip i::before {content: "“"} .report .chip i::after {content: "”"}
.report .chip.cue {border-color: #b45309; border-style: dashed}
.report .chip.idle {border-color: #9ca3af; opacity: .8}
.report button.redo {font: inherit; font-size: .82rem; border: 1px solid #0f766e; border-radius: 8px; background: none;
  color: inherit; padding: .15rem .6rem; margin-top: .35rem; cursor: pointer}
.report button.redo:hover, .report button.redo:focus-visible {background: #0f766e; color: #fff}
.report .transcript td:first-child {white-space: nowrap; width: 3.5em}
.report .transcript tr.employee td {opacity: .88}
.report .dimbar.share {max-width: 220px}
.report ul {list-style-position: outside}
.report svg {display: block}
.report ul.ticks {list-style: none; margin-left: 0}
.report .dimensions td:nth-child(2) {width: 32%; vertical-align: middle}
@media screen and (max-width: 640px) {.report .path svg {min-width: 560px; max-width: none}}
"""

DOCUMENT_CSS = """
:root {color-scheme: light}
* {box-sizing: border-box}
body {font: 15px/1.6 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif;
  color: #1c1917; background: #fff; max-width: 820px; margin: 1.2rem auto; padding: 0 16px; overflow-wrap: anywhere}
h2 {font-size: 1.35rem; margin: .2rem 0 .6rem} h3 {font-size: 1.05rem; margin: 1.1rem 0 .35rem}
p {margin: .3rem 0} footer {margin-top: 1.5rem; border-top: 1px solid #d6d3d1; padding-top: .5rem}
.report .head {display: flex; gap: 1.4rem; align-items: center; flex-wrap: wrap}
.report .score {font-size: 2.6rem; font-weight: 700; line-height: 1}
.report ul {margin: .2rem 0 .4rem 1.2rem; padding: 0}
.report table {border-collapse: collapse; width: 100%; font-size: .9rem}
.report td, .report th {border-bottom: 1px solid #d6d3d1; padding: .3rem .4rem; text-align: left; vertical-align: top}
.report q {quotes: "“" "”"; background: #f5f5f4; padding: 0 .2rem; border-radius: 4px}
.report .finding {border: 1px solid #d6d3d1; border-radius: 10px; padding: .5rem .8rem; margin: .5rem 0}
.report .better {border-left: 3px solid #0f766e; padding: .2rem .6rem; margin: .3rem 0; background: #f5f5f4}
.report .flag {color: #b91c1c; font-weight: 600}
.report .dimbar {height: 8px; border-radius: 5px; background: #e7e5e4; min-width: 90px}
.report .dimbar div {height: 100%; border-radius: 5px; background: #0f766e}
.report svg {max-width: 100%; height: auto}
.note {font-size: .86rem; color: #57534e}
.scroll {overflow-x: auto}
@page {size: A4; margin: 16mm 14mm 18mm}
@media print {
  body {font-size: 10.5pt; max-width: none; margin: 0; padding: 0}
  .finding, .head, li, tr, svg, .better {break-inside: avoid}
  h2, h3 {break-after: avoid}
  .scroll {overflow: visible}
  .dimbar, .dimbar div, .better, q {-webkit-print-color-adjust: exact; print-color-adjust: exact}
}
"""
