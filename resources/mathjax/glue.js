// Runs after MathJax's own files in the app's script engine. Makes farcellTypeset(tex, display):
// the formula as SVG text, or a thrown Error with TeX's message. No browser, no network: MathJax'
// lite DOM stands in for a document. The `globalThis` and the empty loader list come from C++.
var farcellTypeset = (function () {
    var parts = MathJax._;
    var adaptor = parts.adaptors.liteAdaptor.liteAdaptor();
    parts.handlers.html_ts.RegisterHTMLHandler(adaptor);
    // Neither "html" nor "action": formulas need no links, and get none.
    var packages = ["base", "ams", "amscd", "bbox", "boldsymbol", "braket", "bussproofs", "cancel",
        "cases", "centernot", "color", "colortbl", "configmacros", "empheq", "enclose", "extpfeil",
        "gensymb", "mathtools", "mhchem", "newcommand", "noundefined", "textcomp", "unicode",
        "upgreek", "verb"];
    function newDocument() {
        var tex = new parts.input.tex_ts.TeX({
            packages: packages,
            tags: "none",
            maxBuffer: 64 * 1024,
            formatError: function (jax, error) { throw error; }
        });
        var svg = new parts.output.svg_ts.SVG({
            fontCache: "none",
            font: new parts.output.svg.fonts.tex_ts.TeXFont()
        });
        return parts.mathjax.mathjax.document("", {InputJax: tex, OutputJax: svg});
    }
    // A document costs more than a formula, so one serves all that define and number nothing.
    // Definitions of one formula must not leak into another: those get a document of their own.
    var shared = newDocument();
    var definitions = /\\(re|provide)?newcommand|\\(re)?newenvironment|\\def|\\let|\\DeclareMath|\\tag|\\label|\\definecolor/;
    return function (tex, display) {
        var document = definitions.test(tex) ? newDocument() : shared;
        var node = document.convert(tex, {
            display: display, em: 16, ex: 8, containerWidth: 80 * 16
        });
        return adaptor.innerHTML(node);
    };
})();
