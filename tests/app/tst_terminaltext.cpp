#include "app/outputs/terminallinks.h"
#include "app/outputs/terminalrows.h"
#include "app/outputs/terminaltext.h"

#include <QTest>

using namespace farcell;

// What programs write, and what a person then sees.
class TestTerminalText : public QObject
{
    Q_OBJECT
private slots:
    void shown_data();
    void shown();
    void splitAnywhere_data() { shown_data(); }
    void splitAnywhere();
    void colors_data();
    void colors();
    void manyLines();
    void onlyTheEndIsKept();
    void links_data();
    void links();
    void wrapping();
};

void TestTerminalText::shown_data()
{
    QTest::addColumn<QString>("written");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *name, const QString &written, const QString &expected) {
        QTest::newRow(name) << written << expected;
    };

    row("plain", QStringLiteral("a\nb"), QStringLiteral("a\nb"));
    row("windows line ends", QStringLiteral("a\r\nb\r\n"), QStringLiteral("a\nb\n"));
    row("carriage return overwrites", QStringLiteral("hello\rJ"), QStringLiteral("Jello"));
    row("carriage return keeps the tail", QStringLiteral("100%\r5%"), QStringLiteral("5%0%"));
    row("progress bar", QStringLiteral(" 0%|  |\r50%|# |\r99%|##|"), QStringLiteral("99%|##|"));
    row("backspace overwrites", QStringLiteral("abc\b\bX"), QStringLiteral("aXc"));
    row("backspace stops at the line's start", QStringLiteral("a\n\b\bb"), QStringLiteral("a\nb"));
    row("spinner", QStringLiteral("|\b/\b-\b\\"), QStringLiteral("\\"));
    row("bell is not shown", QStringLiteral("a\ab"), QStringLiteral("ab"));
    row("tab to the next eighth column", QStringLiteral("a\tb"), QStringLiteral("a       b"));
    row("cursor up rewrites", QStringLiteral("one\ntwo\n\x1b[2AONE"), QStringLiteral("ONE\ntwo\n"));
    row("two bars", QStringLiteral("a 0\nb 0\x1b[A\ra 1\n\rb 1"), QStringLiteral("a 1\nb 1"));
    row("cursor up stops at the top", QStringLiteral("a\n\x1b[99Ab"), QStringLiteral("b\n"));
    row("cursor down stays inside", QStringLiteral("a\x1b[5Bb"), QStringLiteral("ab"));
    row("cursor forward pads", QStringLiteral("a\x1b[3Cb"), QStringLiteral("a   b"));
    row("cursor back", QStringLiteral("abc\x1b[2DX"), QStringLiteral("aXc"));
    row("column", QStringLiteral("abcdef\x1b[3GX"), QStringLiteral("abXdef"));
    row("erase to the end", QStringLiteral("abcdef\r\x1b[2C\x1b[K"), QStringLiteral("ab"));
    row("erase to the start", QStringLiteral("abcdef\x1b[4G\x1b[1K"), QStringLiteral("    ef"));
    row("erase the line", QStringLiteral("abc\r\x1b[2Kx"), QStringLiteral("x"));
    row("erase the screen", QStringLiteral("a\nb\n\x1b[2J\x1b[Hc"), QStringLiteral("c"));
    row("erase below", QStringLiteral("a\nb\nc\x1b[2A\x1b[J"), QStringLiteral("a"));
    row("colours leave no trace", QStringLiteral("\x1b[1;31mred\x1b[0m plain"),
        QStringLiteral("red plain"));
    row("unknown sequence", QStringLiteral("a\x1b[?25lb\x1b[>1cc"), QStringLiteral("abc"));
    row("title is dropped", QStringLiteral("\x1b]0;title\ab"), QStringLiteral("b"));
    row("hyperlink shows its text", QStringLiteral("\x1b]8;;https://qt.io\x1b\\Qt\x1b]8;;\x1b\\!"),
        QStringLiteral("Qt!"));
    row("lone escape at the end", QStringLiteral("a\x1b"), QStringLiteral("a"));
    row("character set", QStringLiteral("\x1b(Ba"), QStringLiteral("a"));
    row("emoji is not torn", QStringLiteral("😀😀\rab"), QStringLiteral("ab😀"));
    row("emoji cut in half", QStringLiteral("😀x\ra"), QStringLiteral("a x"));
    row("Chinese", QStringLiteral("进度\r完成"), QStringLiteral("完成"));
}

void TestTerminalText::shown()
{
    QFETCH(QString, written);
    QFETCH(QString, expected);
    TerminalText text;

    text.append(written);

    QCOMPARE(text.plainText(), expected);
}

// However messages cut the stream, the result is the same.
void TestTerminalText::splitAnywhere()
{
    QFETCH(QString, written);
    QFETCH(QString, expected);
    TerminalText text;

    for (const QChar c : written)
        text.append(QStringView(&c, 1));

    QCOMPARE(text.plainText(), expected);
}

void TestTerminalText::colors_data()
{
    QTest::addColumn<QString>("sequence");
    QTest::addColumn<int>("kind");
    QTest::addColumn<uint>("value");
    const auto indexed = static_cast<int>(TerminalStyle::ColorKind::Indexed);
    const auto rgb = static_cast<int>(TerminalStyle::ColorKind::Rgb);

    QTest::newRow("red") << "31" << indexed << 1U;
    QTest::newRow("bright blue") << "94" << indexed << 12U;
    QTest::newRow("256: one of the sixteen") << "38;5;9" << indexed << 9U;
    QTest::newRow("256: cube") << "38;5;196" << rgb << 0xff0000U;
    QTest::newRow("256: grey") << "38;5;244" << rgb << 0x808080U;
    QTest::newRow("true colour") << "38;2;18;52;86" << rgb << 0x123456U;
    QTest::newRow("reset") << "31;0" << 0 << 0U;
    QTest::newRow("empty is reset") << "31;" << 0 << 0U;
    QTest::newRow("default") << "31;39" << 0 << 0U;
    QTest::newRow("unfinished colour stops") << "38;5" << 0 << 0U;
}

void TestTerminalText::colors()
{
    QFETCH(QString, sequence);
    QFETCH(int, kind);
    QFETCH(uint, value);
    TerminalText text;

    const QString written = QStringLiteral("\x1b[") + sequence + QStringLiteral("mx");
    text.append(written);

    const TerminalLine &line = text.lines().front();
    const int style = line.runs.empty() ? 0 : line.runs.front().style;
    const TerminalStyle::Color color = text.styles()[static_cast<size_t>(style)].foreground;
    QCOMPARE(static_cast<int>(color.kind), kind);
    QCOMPARE(color.value, value);
}

void TestTerminalText::manyLines()
{
    TerminalText text;
    const int count = TerminalText::maxLines - 1;
    for (int i = 0; i < count; ++i)
        text.append(QStringLiteral("line %1 of the log\n").arg(i));

    QCOMPARE(static_cast<int>(text.lines().size()), count + 1);
    QVERIFY(!text.isCut());
    TerminalRows rows;
    rows.update(text.lines(), 80, text.takeFirstChanged());
    QCOMPARE(rows.count(), count + 1);
    text.append(u"tail");
    QCOMPARE(text.takeFirstChanged(), count);
}

// The same whether it comes line by line or all at once.
void TestTerminalText::onlyTheEndIsKept()
{
    QString all;
    TerminalText slowly;
    TerminalRows rows;
    const int count = 3 * TerminalText::maxLines;
    int dropped = 0;
    for (int i = 0; i < count; ++i) {
        const QString line = QStringLiteral("line %1\n").arg(i);
        all += line;
        slowly.append(line);
        if (i % 777 == 0 || i == count - 1) {
            const int gone = slowly.takeDropped();
            dropped += gone;
            rows.drop(gone);
            rows.update(slowly.lines(), 4, slowly.takeFirstChanged());
        }
    }
    TerminalText atOnce;
    atOnce.append(all);

    const int kept = static_cast<int>(slowly.lines().size());
    QVERIFY(kept <= TerminalText::maxLines * 5 / 4 && kept > TerminalText::maxLines - 10);
    QCOMPARE(dropped + kept, count + 1);
    QVERIFY(slowly.isCut() && atOnce.isCut());
    QVERIFY(all.endsWith(slowly.plainText()));
    QVERIFY(all.endsWith(atOnce.plainText()));
    QVERIFY(static_cast<int>(atOnce.lines().size()) > TerminalText::maxLines - 10);
    TerminalRows anew;
    anew.update(slowly.lines(), 4, 0);
    QCOMPARE(rows.count(), anew.count());
    QCOMPARE(rows.firstRow(kept / 2), anew.firstRow(kept / 2));

    TerminalText endless; // no line break at all
    endless.append(QString(3 * TerminalText::maxLineLength + 5, QLatin1Char('x')));
    QCOMPARE(static_cast<int>(endless.lines().size()), 4);
    QCOMPARE(endless.lines().back().text.size(), 5);
}

void TestTerminalText::links_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("target");

    QTest::newRow("address") << "see https://qt.io/a?b=c#d."
                             << "https://qt.io/a?b=c#d";
    QTest::newRow("brackets") << "(https://en.wikipedia.org/wiki/C_(language))"
                              << "https://en.wikipedia.org/wiki/C_(language))";
    QTest::newRow("cell of IPython 8") << "Cell In[3], line 12"
                                       << "farcell-cell:in/3#12";
    QTest::newRow("cell of IPython 8.0") << "Input In [7], in <cell line: 1>()"
                                         << "farcell-cell:in/7";
    QTest::newRow("cell of IPython 7") << "<ipython-input-5-0a1b2c> in <module>"
                                       << "farcell-cell:in/5";
    QTest::newRow("syntax error of IPython 7") << "  File \"<ipython-input-5-0a1b2c>\", line 2"
                                               << "farcell-cell:in/5#2";
    QTest::newRow("nothing") << "plain text"
                             << "";
}

void TestTerminalText::links()
{
    QFETCH(QString, line);
    QFETCH(QString, target);

    const std::vector<TerminalLink> found = findLinks(line);

    QCOMPARE(found.empty() ? QString() : found.front().target, target);
}

void TestTerminalText::wrapping()
{
    TerminalText text;
    text.append(u"0123456789ab\n中文字符测试\n");
    TerminalRows rows;

    rows.update(text.lines(), 5, 0);

    QCOMPARE(rows.firstRow(1), 3);     // 12 narrow characters: 5 + 5 + 2
    QCOMPARE(rows.firstRow(2) - 3, 3); // 6 wide ones: two a row
    QCOMPARE(rows.at(4).line, 1);
    QCOMPARE(rows.range(text.lines()[1], 1), (std::pair{2, 4}));
}

QTEST_GUILESS_MAIN(TestTerminalText)
#include "tst_terminaltext.moc"
