#include "app/editor/cellbuffer.h"
#include "app/editor/celleditor.h"
#include "app/editor/completionpopup.h"
#include "app/editor/julialexer.h"
#include "app/editor/textmap.h"
#include "app/theme/theme.h"

#include <QInputMethodEvent>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

using namespace farcell;

namespace {

// An editor on one cell, and a plain string kept up to date from its edits only.
struct Bench
{
    explicit Bench(const QString &text, const QString &language = QStringLiteral("python"))
        : mirror(text)
        , editor(theme)
    {
        CellBuffer &buffer =
            cache.obtain(CellId(QStringLiteral("a")), text, languageByName(language));
        editor.bind(buffer);
        editor.resize(600, 400);
        editor.show();
        QObject::connect(&editor, &CellEditor::edited, &editor,
                         [this](int position, int removed, const QString &added) {
                             mirror.replace(position, removed, added);
                             ++edits;
                         });
    }
    [[nodiscard]] QString text() const
    {
        const auto units = static_cast<int>(mirror.size());
        return editor.textRange(0, units + 1000);
    }
    void type(const QString &keys) // real key events, one for each character
    {
        for (const QChar c : keys) {
            if (c == u'\n')
                QTest::keyClick(&editor, Qt::Key_Return);
            else
                QTest::sendKeyEvent(QTest::Click, &editor, Qt::Key_unknown, QString(c),
                                    Qt::NoModifier);
        }
    }

    QString mirror;
    int edits = 0;
    ThemeSource theme;
    CellBufferCache cache;
    CellEditor editor;
};

const QString astral = QStringLiteral("a\U0001F600b中文\U00020BB7é\nx\U0001D7D8\r\ny");

} // namespace

class TestCellEditor : public QObject
{
    Q_OBJECT

private slots:
    void textMap_data();
    void textMap();
    void caretPositions();
    void outsideEdits();
    void typing_data();
    void typing();
    void commentToggle_data();
    void commentToggle();
    void multipleCarets();
    void selectNextOccurrence();
    void undoIsNotScintillas();
    void composition();
    void cancelledComposition();
    void viewStateSurvivesAnotherCell();
    void juliaLines_data();
    void juliaLines();
    void juliaWhileTyping();
    void magicLanguages_data();
    void magicLanguages();
    void completionFiltersAndInserts();
    void evictionKeepsPinned();
};

void TestCellEditor::textMap_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("shown");

    QTest::newRow("plain") << QStringLiteral("abc") << QStringLiteral("abc");
    QTest::newRow("Chinese") << QStringLiteral("中文") << QStringLiteral("中文");
    QTest::newRow("astral") << astral << astral;
    const QChar high(0xD83D);
    const QChar low(0xDE00);
    QTest::newRow("lone high surrogate")
        << QString(QStringLiteral("a") + high + QStringLiteral("b")) << QStringLiteral("a\uFFFDb");
    QTest::newRow("lone low surrogate")
        << QString(QString(low) + QStringLiteral("x")) << QStringLiteral("\uFFFDx");
}

void TestCellEditor::textMap()
{
    QFETCH(QString, text);
    QFETCH(QString, shown);

    const QByteArray utf8 = toEditorText(text);

    QCOMPARE(fromEditorText(utf8.constData(), utf8.size()), shown);
    QCOMPARE(utf16Length(utf8.constData(), utf8.size()), static_cast<int>(text.size()));
    for (int i = 0; i <= text.size(); ++i) {
        const qsizetype byte = byteOffset(utf8.constData(), utf8.size(), i);
        const bool insidePair = i > 0 && i < shown.size() && shown[i].isLowSurrogate();
        QCOMPARE(utf16Length(utf8.constData(), byte), insidePair ? i - 1 : i);
    }
}

void TestCellEditor::caretPositions()
{
    Bench bench(astral);

    for (int i = 0; i <= astral.size(); ++i) {
        if (i < astral.size() && astral[i].isLowSurrogate())
            continue;
        if (i > 0 && i < astral.size() && astral[i] == u'\n' && astral[i - 1] == u'\r')
            continue; // the caret does not stand inside a line end
        bench.editor.setCaret(i);
        QCOMPARE(bench.editor.caret(), i);
    }
    QCOMPARE(bench.text(), astral);
}

void TestCellEditor::outsideEdits()
{
    Bench bench(astral);
    QString expected = astral;
    QRandomGenerator random(7);
    const QStringList pieces{QStringLiteral("x"), QStringLiteral("\U0001F600"),
                             QStringLiteral("中\n文"), QString()};

    for (int round = 0; round < 300; ++round) {
        int from = random.bounded(static_cast<int>(expected.size()) + 1);
        int to = from + random.bounded(4);
        to = std::min(to, static_cast<int>(expected.size()));
        while (from > 0 && from < expected.size() && expected[from].isLowSurrogate())
            --from;
        while (to < expected.size() && expected[to].isLowSurrogate())
            ++to;
        const QString &piece = pieces[random.bounded(static_cast<int>(pieces.size()))];
        bench.editor.applyEdit(from, to - from, piece);
        expected.replace(from, to - from, piece);

        QCOMPARE(bench.editor.textRange(0, static_cast<int>(expected.size())), expected);
    }
    QCOMPARE(bench.edits, 0); // nothing of this was typed
}

void TestCellEditor::typing_data()
{
    QTest::addColumn<QString>("before");
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("after");

    QTest::newRow("plain") << ""
                           << "abc"
                           << "abc";
    QTest::newRow("Chinese and astral") << "x"
                                        << "中\U0001F600"
                                        << "x中\U0001F600";
    QTest::newRow("indent after a colon") << "if x:"
                                          << "\ny"
                                          << "if x:\n    y";
    QTest::newRow("colon in a comment does not indent") << "x = 1 # a:"
                                                        << "\ny"
                                                        << "x = 1 # a:\ny";
    QTest::newRow("dedent after return") << "def f():\n    return 1"
                                         << "\nx"
                                         << "def f():\n    return 1\nx";
    QTest::newRow("keeps the indentation") << "    a"
                                           << "\nb"
                                           << "    a\n    b";
    QTest::newRow("closes a bracket") << "f"
                                      << "("
                                      << "f()";
    QTest::newRow("types over the closer") << "f"
                                           << "(1)"
                                           << "f(1)";
    QTest::newRow("closes a quote") << "x = "
                                    << "\"a\""
                                    << "x = \"a\"";
    QTest::newRow("no quote after a word") << "don"
                                           << "'t"
                                           << "don't";
    QTest::newRow("quote after a string prefix") << "f"
                                                 << "\""
                                                 << "f\"\"";
    QTest::newRow("three quotes") << ""
                                  << R"("""a)"
                                  << R"("""a)";
    QTest::newRow("bracket pair on Return") << "x = "
                                            << "[\n1"
                                            << "x = [\n    1\n]";
}

void TestCellEditor::typing()
{
    QFETCH(QString, before);
    QFETCH(QString, typed);
    QFETCH(QString, after);
    Bench bench(before);
    bench.editor.setCaret(static_cast<int>(before.size()));

    // Astral characters come as one key event with both units.
    for (qsizetype i = 0; i < typed.size(); ++i) {
        const bool pair = typed[i].isHighSurrogate();
        const QString key = typed.mid(i, pair ? 2 : 1);
        if (key == QLatin1String("\n"))
            QTest::keyClick(&bench.editor, Qt::Key_Return);
        else
            QTest::sendKeyEvent(QTest::Click, &bench.editor, Qt::Key_unknown, key, Qt::NoModifier);
        i += pair ? 1 : 0;
    }

    QCOMPARE(bench.text(), after);
    QCOMPARE(bench.mirror, after);
}

void TestCellEditor::commentToggle_data()
{
    QTest::addColumn<QString>("language");
    QTest::addColumn<QString>("before");
    QTest::addColumn<QString>("after");

    QTest::newRow("one line") << "python"
                              << "x"
                              << "# x";
    QTest::newRow("back") << "python"
                          << "# x"
                          << "x";
    QTest::newRow("several at one column") << "python"
                                           << "if a:\n    b\n\nc"
                                           << "# if a:\n#     b\n\n# c";
    QTest::newRow("C++") << "c++"
                         << "x;"
                         << "// x;";
    QTest::newRow("block comment") << "html"
                                   << "<b>"
                                   << "<!-- <b> -->";
    QTest::newRow("block comment back") << "html"
                                        << "<!-- <b> -->"
                                        << "<b>";
}

void TestCellEditor::commentToggle()
{
    QFETCH(QString, language);
    QFETCH(QString, before);
    QFETCH(QString, after);
    Bench bench(before, language);
    QTest::keyClick(&bench.editor, Qt::Key_A, Qt::ControlModifier);

    QTest::keyClick(&bench.editor, Qt::Key_Slash, Qt::ControlModifier);

    QCOMPARE(bench.text(), after);
    QCOMPARE(bench.mirror, after);
}

void TestCellEditor::multipleCarets()
{
    Bench bench(QStringLiteral("中1\n文2\n\U0001F6003"));
    QSignalSpy groups(&bench.editor, &CellEditor::editGroupChanged);
    bench.editor.setCaret(1);
    QTest::keyClick(&bench.editor, Qt::Key_Down, Qt::ControlModifier | Qt::AltModifier);
    QTest::keyClick(&bench.editor, Qt::Key_Down, Qt::ControlModifier | Qt::AltModifier);
    QCOMPARE(bench.editor.carets().size(), 3);

    bench.type(QStringLiteral("ab"));

    QCOMPARE(bench.text(), QStringLiteral("中ab1\n文ab2\n\U0001F600ab3"));
    QCOMPARE(bench.mirror, bench.text());
    QCOMPARE(groups.count(), 4); // two keys, each one undo step
}

void TestCellEditor::selectNextOccurrence()
{
    Bench bench(QStringLiteral("foo = 1\nbar = foo + foo"));
    bench.editor.setCaret(1);

    for (int i = 0; i < 3; ++i)
        QTest::keyClick(&bench.editor, Qt::Key_D, Qt::ControlModifier);
    bench.type(QStringLiteral("é"));

    QCOMPARE(bench.text(), QStringLiteral("é = 1\nbar = é + é"));
    QCOMPARE(bench.mirror, bench.text());
}

void TestCellEditor::undoIsNotScintillas()
{
    Bench bench(QString{});
    bench.type(QStringLiteral("abc"));

    QTest::keyClick(&bench.editor, Qt::Key_Z, Qt::ControlModifier);
    QTest::keyClick(&bench.editor, Qt::Key_Y, Qt::ControlModifier);

    QCOMPARE(bench.text(), QStringLiteral("abc"));
}

void TestCellEditor::composition()
{
    Bench bench(QStringLiteral("x = \"\""));
    bench.editor.setCaret(5);
    for (const char *preedit : {"n", "ni", "ni h"}) {
        QInputMethodEvent event(QString::fromLatin1(preedit), {});
        QApplication::sendEvent(&bench.editor, &event);
        QVERIFY(bench.editor.isComposing());
        QCOMPARE(bench.edits, 0); // the document does not see it
    }

    QInputMethodEvent commit;
    commit.setCommitString(QStringLiteral("你好\U00020BB7"));
    QApplication::sendEvent(&bench.editor, &commit);

    QVERIFY(!bench.editor.isComposing());
    QCOMPARE(bench.text(), QStringLiteral("x = \"你好\U00020BB7\""));
    QCOMPARE(bench.mirror, bench.text());
}

void TestCellEditor::cancelledComposition()
{
    Bench bench(QStringLiteral("ab"));
    bench.editor.setCaret(1);
    QInputMethodEvent preedit(QStringLiteral("zhong"), {});
    QApplication::sendEvent(&bench.editor, &preedit);

    QInputMethodEvent nothing(QString{}, {{QInputMethodEvent::Cursor, 0, 1, {}}});
    QApplication::sendEvent(&bench.editor, &nothing);

    QCOMPARE(bench.text(), QStringLiteral("ab"));
    QCOMPARE(bench.edits, 0);
    bench.type(QStringLiteral("c"));
    QCOMPARE(bench.mirror, QStringLiteral("acb"));
    QCOMPARE(bench.text(), bench.mirror);
}

void TestCellEditor::viewStateSurvivesAnotherCell()
{
    Bench bench(QStringLiteral("def f():\n    return 1\nx"));
    CellBuffer &first = *bench.editor.buffer();
    CellBuffer &second = bench.cache.obtain(CellId(QStringLiteral("b")), QStringLiteral("other"),
                                            languageByName(QStringLiteral("python")));
    bench.editor.select(4, 3);

    bench.editor.bind(second);
    QCOMPARE(bench.editor.selectedText(), QString{});
    bench.editor.bind(first);

    QCOMPARE(bench.editor.selectedText(), QStringLiteral("f()"));
}

void TestCellEditor::juliaLines_data()
{
    QTest::addColumn<QByteArray>("code");
    QTest::addColumn<QByteArray>("styles"); // a sign for each byte
    QTest::addColumn<int>("blocks");        // opened less closed, in all lines

    const auto row = [](const char *name, const char *code, const char *styles, int blocks = 0) {
        QTest::newRow(name) << QByteArray(code) << QByteArray(styles) << blocks;
    };
    row("transposed and character", "A' * 'x' + b'", "T+.+.ccc.+..+");
    row("escaped characters", R"('\n','\'')", "cccc+cccc");
    row("function", "function area(r) pi * r^2 end", "kkkkkkkk.ffff+.+.bb.+..+0.kkk");
    row("method", "function Base.show(x)", "kkkkkkkk.....+ffff+.+", 1);
    row("interpolation", R"("a $(f("x")) $y." z)", R"("""$$$$$$$$$"$$""..)");
    row("regular expression", R"x(r"a$b\"" c)x", R"(""""""""..)");
    row("long text", "\"\"\"a\n\"b\" \"\"\"c", R"("""""""""""".)");
    row("nested comment", "1 #= a #= b =#\nc =# x", "0.#################..");
    row("symbol and range", "f(:a, 1:n)", ".+::+.0+.+");
    row("macro", "@time x = rand(3)", "@@@@@...+.bbbb+0+");
    row("type", "mutable struct P <: Q", "kkkkkkk.kkkkkk.T.++.T", 1);
    row("abstract type", "abstract type P end", "kkkkkkkk.kkkk.T.kkk");
    row("generator", "[i for i in v if i > 0]", "+..kkk...kk...kk...+.0+");
    row("last index", "a[end] end", ".+kkk+.kkk", -1);
    row("numbers", "0xff 1.5e-3 2f0 1:10 3im", "0000.000000.000.0+00.0..");
    row("not equal", "a!=b", ".++.");
    row("push!", "push!(v)", "bbbbb+.+");
    row("other letters", "θ' + 'é'", "..+.+.cccc");
    row("comment", "x # if y", "..######");
}

void TestCellEditor::juliaLines()
{
    QFETCH(QByteArray, code);
    QFETCH(QByteArray, styles);
    QFETCH(int, blocks);
    JuliaState state;
    QByteArray got;
    int opened = 0;

    qsizetype from = 0;
    while (from < code.size()) { // by lines, as an editor asks
        const qsizetype end = code.indexOf('\n', from);
        const QByteArray line = code.mid(from, (end < 0 ? code.size() : end + 1) - from);
        std::vector<JuliaStyle> lineStyles(size_t(line.size()));
        opened += scanJuliaLine({line.constData(), size_t(line.size())}, state, lineStyles.data());
        for (const JuliaStyle style : lineStyles)
            got += ".#0\"ckbTf@:+$"[int(style)];
        from += line.size();
    }

    QCOMPARE(got, styles);
    QCOMPARE(opened, blocks);
    QCOMPARE(state.comments, 0);
    QCOMPARE(state.in, JuliaState::Code);
}

void TestCellEditor::juliaWhileTyping()
{
    Bench bench(QStringLiteral("for i in 1:3\n    x = i'\nend\ny = 2"), QStringLiteral("julia"));
    const auto styleAt = [&bench](int position) {
        QTest::qWait(0);
        bench.editor.grab(); // what is painted is styled
        return JuliaStyle(bench.editor.SendScintilla(QsciScintillaBase::SCI_GETSTYLEAT,
                                                     static_cast<unsigned long>(position)));
    };
    QCOMPARE(styleAt(0), JuliaStyle::Keyword);
    QCOMPARE(styleAt(22), JuliaStyle::Operator);
    QCOMPARE(styleAt(int(bench.text().size()) - 1), JuliaStyle::Number);
    const auto level = bench.editor.SendScintilla(QsciScintillaBase::SCI_GETFOLDLEVEL, 0UL);
    QVERIFY(level & QsciScintillaBase::SC_FOLDLEVELHEADERFLAG);

    bench.editor.setCaret(0);
    bench.type(QStringLiteral("#="));

    QCOMPARE(styleAt(int(bench.text().size()) - 1), JuliaStyle::Comment);
    bench.editor.setCaret(2);
    bench.type(QStringLiteral("=#"));
    QCOMPARE(styleAt(int(bench.text().size()) - 1), JuliaStyle::Number);
}

void TestCellEditor::magicLanguages_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("language");

    QTest::newRow("no magic") << "x = 1"
                              << "python";
    QTest::newRow("bash") << "%%bash\nls"
                          << "bash";
    QTest::newRow("shell with option") << "%%shell --ignore-errors\nls"
                                       << "bash";
    QTest::newRow("html") << "%%html\n<b>"
                          << "html";
    QTest::newRow("javascript") << "%%javascript\nlet x"
                                << "javascript";
    QTest::newRow("R") << "%%R -i df\nplot(df)"
                       << "r";
    QTest::newRow("sql") << "%%sql\nselect 1"
                         << "sql";
    QTest::newRow("time keeps the language") << "%%time\nx"
                                             << "python";
    QTest::newRow("writefile by its suffix") << "%%writefile a/b.cu\nint x;"
                                             << "c++";
    QTest::newRow("a line magic") << "%pip install x"
                                  << "python";
}

void TestCellEditor::magicLanguages()
{
    QFETCH(QString, source);
    QFETCH(QString, language);

    const Language &found = languageOfCell(source, languageByName(QStringLiteral("python")));

    QCOMPARE(QString::fromLatin1(found.name), language);
}

void TestCellEditor::completionFiltersAndInserts()
{
    Bench bench(QStringLiteral("np.a"));
    CompletionPopup popup(bench.theme, &bench.editor);
    bench.editor.setPopup(&popup);
    bench.editor.setCaret(4);
    const QStringList names{QStringLiteral("arange"), QStringLiteral("array"),
                            QStringLiteral("asarray"), QStringLiteral("zeros")};
    QList<CompletionItem> items;
    for (const QString &name : names)
        items.append({name, QStringLiteral("function"), {}});

    popup.open(bench.editor, items, 3, false);
    QCOMPARE(popup.shownTexts(), names.mid(0, 3));
    bench.type(QStringLiteral("r"));
    QCOMPARE(popup.shownTexts().mid(0, 2), names.mid(0, 2));
    QTest::keyClick(&bench.editor, Qt::Key_Down);
    QTest::keyClick(&bench.editor, Qt::Key_Tab);

    QVERIFY(!popup.isVisible());
    QCOMPARE(bench.text(), QStringLiteral("np.array"));
    QCOMPARE(bench.mirror, bench.text());
}

void TestCellEditor::evictionKeepsPinned()
{
    CellBufferCache cache(10);
    const CellId kept(QStringLiteral("kept"));
    const Language &python = languageByName(QStringLiteral("python"));
    cache.obtain(kept, QStringLiteral("x"), python);
    cache.pin(kept);

    for (int i = 0; i < 100; ++i)
        cache.obtain(CellId(QString::number(i)), QString::number(i), python);

    QVERIFY(cache.size() <= 10);
    QVERIFY(cache.find(kept));
}

QTEST_MAIN(TestCellEditor)
#include "tst_celleditor.moc"
