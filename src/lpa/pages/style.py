"""How the pages look: one A4 sheet on paper, the same on a screen, legible without colour."""

STYLE = """
@page { size: A4; margin: 14mm 16mm; }
* { box-sizing: border-box; margin: 0; padding: 0; }
html { print-color-adjust: exact; -webkit-print-color-adjust: exact; background: #eef1f4; }
body { color: #1b2733; font: 10.5pt/1.5 "Noto Sans", "Segoe UI", "Helvetica Neue", Arial, "Noto Sans CJK SC",
  "PingFang SC", "Microsoft YaHei", sans-serif; }
main { background: #fff; max-width: 210mm; min-height: 297mm; margin: 8mm auto; padding: 14mm 16mm;
  box-shadow: 0 1px 6px rgb(0 0 0 / 18%); }
header { display: flex; justify-content: space-between; gap: 8mm; align-items: flex-start;
  border-bottom: 1.2pt solid #1b2733; padding-bottom: 5mm; margin-bottom: 5mm; }
header .brand { color: #5b6b7a; font-size: 9pt; letter-spacing: .06em; }
h1 { font-size: 22pt; line-height: 1.2; font-weight: 650; margin: 1mm 0 2mm; }
h2 { font-size: 11pt; font-weight: 650; margin: 5mm 0 1.5mm; break-after: avoid; }
.lead { color: #5b6b7a; margin-bottom: 4mm; }
.subject { font-size: 12pt; }
.number { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-variant-numeric: tabular-nums;
  font-size: .94em; white-space: normal; }
.number span { display: inline-block; }
.number span + span { margin-left: .45em; }
.code { width: 31mm; flex: none; text-align: center; }
.code svg { width: 31mm; height: 31mm; display: block; }
.code figcaption { color: #5b6b7a; font-size: 7.5pt; line-height: 1.25; }
.verdict { border-left: 3mm solid; border-radius: 1mm; padding: 2.5mm 4mm; margin-bottom: 4mm; }
.verdict strong { font-size: 12.5pt; display: block; }
.good { background: #e8f5ee; border-color: #1e8e5a; }
.doubtful { background: #fdf4e0; border-color: #c98a10; }
.bad { background: #fdecea; border-color: #c5362c; }
dl { display: grid; grid-template-columns: max-content 1fr; }
dt, dd { padding: 1.3mm 0; border-bottom: .4pt solid #d5dce3; }
dt { color: #5b6b7a; padding-right: 8mm; }
dd { overflow-wrap: anywhere; }
dd p + p { margin-top: .5mm; }
.detail { color: #5b6b7a; font-size: .92em; }
.missing { color: #8695a3; }
ul { list-style: none; }
li { padding-left: 6mm; position: relative; margin-bottom: 1mm; break-inside: avoid; }
li::before { position: absolute; left: 0; font-weight: 700; }
.proven li::before { content: "✓"; color: #1e8e5a; }
.unproven li::before { content: "✗"; color: #c98a10; }
.hash, .receipt, .commands { font: 7.5pt/1.45 "DejaVu Sans Mono", Menlo, Consolas, monospace;
  overflow-wrap: anywhere; background: #f5f7f9; border-radius: 1mm; padding: 2mm 3mm; margin: 1mm 0 2mm; }
.commands code { display: block; font-size: inherit; }
.receipt { font-size: 6.5pt; }
code { font: .82em "DejaVu Sans Mono", Menlo, Consolas, monospace; }
footer { color: #5b6b7a; font-size: 8.5pt; border-top: .4pt solid #d5dce3; margin-top: 6mm;
  padding-top: 2mm; }
@media screen and (max-width: 170mm) {
  main { margin: 0; padding: 6mm 5mm; min-height: 0; box-shadow: none; }
  header { gap: 4mm; }
  h1 { font-size: 16pt; }
  dl { display: block; }
  dt { border-bottom: 0; padding: 1.3mm 0 0; font-size: .88em; }
  dd { padding-top: 0; }
}
@media print {
  html { background: #fff; }
  main { margin: 0; padding: 0; max-width: none; min-height: 0; box-shadow: none; }
  body { font-size: 9.2pt; line-height: 1.4; }
  dt, dd { padding-block: .75mm; }
  section { break-inside: avoid; }
  .code, .code svg { width: 26mm; height: auto; }
  h2 { margin-top: 3.5mm; }
  li { margin-bottom: .5mm; }
}
"""
