#include "app/markdown/mathextract.h"

#include <QTest>

using namespace farcell;

class TestMathExtract : public QObject
{
    Q_OBJECT
private slots:
    void spans_data();
    void spans();
    void labels();
    void macros_data();
    void macros();
    void restores();
};

void TestMathExtract::spans_data()
{
    QTest::addColumn<QString>("markdown");
    QTest::addColumn<QStringList>("expected"); // "i:" or "d:" and the TeX

    const auto row = [](const char *name, const char *text, const QStringList &expected) {
        QTest::newRow(name) << QString::fromUtf8(text) << expected;
    };
    row("inline", "a $x^2$ b", {QStringLiteral("i:x^2")});
    row("two inline", "$a$ and $b$", {QStringLiteral("i:a"), QStringLiteral("i:b")});
    row("spaces inside", "$ x $", {QStringLiteral("i:x")});
    row("display", "$$x$$", {QStringLiteral("d:x")});
    row("display over lines", "$$\nx\n$$", {QStringLiteral("d:x")});
    row("brackets of TeX", R"(\(x\) \[y=1\])", {QStringLiteral("i:x"), QStringLiteral("d:y=1")});
    row("brackets doubled for Markdown", R"(\\(x\\) \\[y\\])",
        {QStringLiteral("i:x"), QStringLiteral("d:y")});
    row("environment", R"(\begin{align}a&=b\end{align})",
        {QStringLiteral(R"(d:\begin{align}a&=b\end{align})")});
    row("environment in dollars", R"($$\begin{cases}a\\b\end{cases}$$)",
        {QStringLiteral(R"(d:\begin{cases}a\\b\end{cases})")});
    row("nested environments", R"(\begin{a}\begin{a}x\end{a}\end{a})",
        {QStringLiteral(R"(d:\begin{a}\begin{a}x\end{a}\end{a})")});
    row("dollar in braces", R"($\text{a $b$ c}$)", {QStringLiteral(R"(i:\text{a $b$ c})")});
    row("underscores and stars", "$a_b*c_d*$", {QStringLiteral("i:a_b*c_d*")});
    row("code span", "`$x$`", {});
    row("code span with two ticks", "``a ` $x$``", {});
    row("fenced code", "```\n$x$\n```\n$y$", {QStringLiteral("i:y")});
    row("fenced code with tildes", "~~~python\n$x$\n~~~", {});
    row("fence in a list", "- a\n  ```\n  $x$\n  ```\n", {});
    row("escaped dollar", R"(\$x\$)", {});
    row("money", "it costs $5 or $10.", {});
    row("single dollar", "a $ b", {});
    row("not across paragraphs", "a $x\n\ny$ b", {});
    row("across lines", "$a\n+b$", {QStringLiteral("i:a\n+b")});
    row("escaped brackets of a link", R"(\[text\](url))", {});
    row("escaped brackets of a number", R"(\[1\])", {});
    row("in a quote", "> $$\n> x\n> $$", {QStringLiteral("d:x")});
    row("Chinese around", "设$x$为", {QStringLiteral("i:x")});
    row("unclosed environment", R"(\begin{align}x)", {});
}

void TestMathExtract::spans()
{
    QFETCH(QString, markdown);
    QFETCH(QStringList, expected);

    const ExtractedMath math = extractMath(markdown);

    QStringList found;
    for (const MathSpan &span : math.spans)
        found.append((span.display ? QStringLiteral("d:") : QStringLiteral("i:")) + span.tex);
    QCOMPARE(found, expected);
    QCOMPARE(restoreMath(math.markdown, math.spans), markdown);
}

void TestMathExtract::labels()
{
    const QString source = QStringLiteral(
        R"(See \eqref{b} and $\ref{a}$. \begin{align}x\label{a}\\y\label{b}\end{align} \ref{other} \ref{no})");

    const ExtractedMath math = extractMath(source, {{QStringLiteral("other"), 9}});

    QVERIFY(math.markdown.startsWith(QStringLiteral("See (2) and ")));
    QVERIFY(math.markdown.endsWith(QStringLiteral(" 9 ???")));
    QCOMPARE(math.spans[0].tex, QStringLiteral(R"(\text{1})"));
    QCOMPARE(math.spans[1].tex, QStringLiteral(R"(\begin{align}x\tag{1}\\y\tag{2}\end{align})"));
    QCOMPARE(math.labels.value(QStringLiteral("b")), 2);
}

void TestMathExtract::macros_data()
{
    QTest::addColumn<QString>("tex");
    QTest::addColumn<QString>("expected");

    QTest::newRow("newcommand") << R"(\newcommand{\R}{\mathbb{R}} x)"
                                << R"(\newcommand{\R}{\mathbb{R}})";
    QTest::newRow("arguments") << R"(a\newcommand{\n}[1]{\|#1\|}b)"
                               << R"(\newcommand{\n}[1]{\|#1\|})";
    QTest::newRow("bare name") << R"(\renewcommand\R{x})"
                               << R"(\renewcommand\R{x})";
    QTest::newRow("def") << R"(\def\a#1{b{c}} d)"
                         << R"(\def\a#1{b{c}})";
    QTest::newRow("operator") << R"(\DeclareMathOperator{\E}{E})"
                              << R"(\DeclareMathOperator{\E}{E})";
    QTest::newRow("let") << R"(\let\a=\b c)"
                         << R"(\let\a=\b)";
    QTest::newRow("default is no def") << R"(\default{x})"
                                       << "";
    QTest::newRow("unfinished") << R"(\newcommand{\R}{x)"
                                << "";
}

void TestMathExtract::macros()
{
    QFETCH(QString, tex);
    QFETCH(QString, expected);

    QCOMPARE(macroDefinitions(tex), expected);
}

void TestMathExtract::restores()
{
    const ExtractedMath math = extractMath(QStringLiteral("$a$ $b$ $c$"));

    QCOMPARE(static_cast<int>(math.spans.size()), 3);
    QCOMPARE(restoreMath(mathPlaceholder(1), math.spans), QStringLiteral("$b$"));
    QCOMPARE(restoreMath(mathPlaceholder(7), math.spans), mathPlaceholder(7));
}

QTEST_GUILESS_MAIN(TestMathExtract)
#include "tst_mathextract.moc"
