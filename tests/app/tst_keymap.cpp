#include "app/shell/commandpalette.h"
#include "app/shell/commandregistry.h"
#include "app/shell/fuzzy.h"
#include "app/shell/keydispatcher.h"
#include "app/shell/keymap.h"
#include "app/theme/theme.h"

#include <QApplication>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QVBoxLayout>

namespace farcell {

namespace {

QKeySequence keys(const char *text)
{
    return {QString::fromLatin1(text), QKeySequence::PortableText};
}

// A window with a field as the cell list, and every command that the presets name.
struct Bench
{
    Bench()
        : keymap({})
        , dispatcher(keymap, commands, [this](const QObject *) { return context; })
    {
        for (const QString &preset : Keymap::presets()) {
            keymap.setPreset(preset);
            for (const KeyBinding &binding : keymap.bindings()) {
                if (!commands.find(binding.command))
                    commands.add({binding.command, binding.command, {}, {}, [] {}});
            }
        }
        keymap.setPreset(QStringLiteral("colab"));
        context.emplace();
        context->notebook = true;
        QObject::connect(&commands, &CommandRegistry::triggered, &field,
                         [this](const QString &id) { triggered.append(id); });
        field.show();
        field.setFocus();
        QApplication::setActiveWindow(&field);
    }

    ThemeSource theme; // loads the resources first
    Keymap keymap;
    CommandRegistry commands;
    std::optional<KeyDispatcher::Context> context;
    QLineEdit field;
    QStringList triggered;
    KeyDispatcher dispatcher;
};

} // namespace

class TestKeymap : public QObject
{
    Q_OBJECT

private slots:
    void presetsParse_data();
    void presetsParse();
    void badFilesAreRefused_data();
    void badFilesAreRefused();
    void rebindingIsKept();
    void conflictsAreFound();
    void strokes_data();
    void strokes();
    void lettersAreTypedWhileEditing();
    void unknownChordIsSwallowed();
    void disabledCommandLetsTheKeyThrough();
    void fuzzy_data();
    void fuzzy();
    void paletteRanksAndRuns();
};

void TestKeymap::presetsParse_data()
{
    QTest::addColumn<QString>("preset");
    for (const QString &preset : Keymap::presets())
        QTest::newRow(qPrintable(preset)) << preset;
}

void TestKeymap::presetsParse()
{
    QFETCH(QString, preset);
    const ThemeSource theme; // loads the resources
    QFile file(QStringLiteral(":/farcell/keymaps/%1.json").arg(preset));
    QVERIFY(file.open(QIODevice::ReadOnly));

    const Result<QList<KeyBinding>> bindings = Keymap::parse(file.readAll());

    QVERIFY(bindings.has_value());
    QVERIFY(bindings->size() > 40);
    for (const KeyBinding &binding : *bindings) {
        for (int i = 0; i < binding.keys.count(); ++i)
            QVERIFY2(binding.keys[uint(i)].key() != Qt::Key_unknown, qPrintable(binding.command));
    }
}

void TestKeymap::badFilesAreRefused_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("not JSON") << QByteArray("{bindings");
    QTest::newRow("a list") << QByteArray("[]");
    QTest::newRow("bindings of the wrong type") << QByteArray(R"({"bindings": 3})");
    QTest::newRow("a binding that is text") << QByteArray(R"({"bindings": ["x"]})");
    QTest::newRow("no keys") << QByteArray(R"({"bindings": [{"command": "x"}]})");
    QTest::newRow("keys of the wrong type")
        << QByteArray(R"({"bindings": [{"command": "x", "keys": 1}]})");
}

void TestKeymap::badFilesAreRefused()
{
    QFETCH(QByteArray, json);
    QVERIFY(!Keymap::parse(json).has_value());
}

void TestKeymap::rebindingIsKept()
{
    const ThemeSource theme;
    const QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("sub/keymap.json"));
    const QString command = QStringLiteral("run.all");
    {
        Keymap keymap(file);
        keymap.setPreset(QStringLiteral("jupyter"));
        keymap.setKeys(command, {keys("Ctrl+M, R")});
    }

    Keymap again(file);

    QCOMPARE(again.preset(), QStringLiteral("jupyter"));
    QCOMPARE(again.keysFor(command), QList<QKeySequence>{keys("Ctrl+M, R")});
    QVERIFY(again.isCustom(command));
    again.setPreset(QStringLiteral("colab"));
    again.reset(command);
    QCOMPARE(again.keysFor(command), QList<QKeySequence>{keys("Ctrl+F9")});
    QCOMPARE(Keymap::text(keys("Ctrl+M, Return")), QStringLiteral("Ctrl+M Enter"));
    QCOMPARE(again.shownKeys(QStringLiteral("file.save")), keys("Ctrl+S"));
}

void TestKeymap::conflictsAreFound()
{
    const ThemeSource theme;
    const Keymap keymap({});
    const QString command = QStringLiteral("run.section");

    QCOMPARE(keymap.conflicts(command, keys("Ctrl+F9")), QStringList{QStringLiteral("run.all")});
    QVERIFY(keymap.conflicts(command, keys("Ctrl+M")).size() > 10); // starts the chords
    QVERIFY(keymap.conflicts(command, keys("Ctrl+F11")).isEmpty());
}

void TestKeymap::strokes_data()
{
    QTest::addColumn<QString>("pressed");
    QTest::addColumn<bool>("editing");
    QTest::addColumn<QString>("command");

    QTest::newRow("chord") << "Ctrl+M, B" << false << "insert.code";
    QTest::newRow("chord with the caret in an editor") << "Ctrl+M, B" << true << "insert.code";
    QTest::newRow("chord, Ctrl kept down") << "Ctrl+M, Ctrl+B" << true << "insert.code";
    QTest::newRow("chord that ends in a sign") << "Ctrl+M, ." << false << "kernel.restart";
    QTest::newRow("run") << "Ctrl+Return" << true << "run.cell";
    QTest::newRow("run by the number pad's Enter") << "Ctrl+Enter" << true << "run.cell";
    QTest::newRow("function key") << "Ctrl+F9" << true << "run.all";
    QTest::newRow("letter in command mode") << "B" << false << "insert.code";
    QTest::newRow("letter twice") << "D, D" << false << "cell.delete";
    QTest::newRow("letter with Shift") << "Shift+M" << false << "cell.merge";
    QTest::newRow("half a chord, then another letter") << "D, J" << false << "cell.next";
    QTest::newRow("copy while editing is the editor's") << "Ctrl+C" << true << "";
    QTest::newRow("copy in command mode") << "Ctrl+C" << false << "cell.copy";
    QTest::newRow("Escape ends a chord") << "Ctrl+M, Escape" << false << "";
}

void TestKeymap::strokes()
{
    QFETCH(QString, pressed);
    QFETCH(bool, editing);
    QFETCH(QString, command);
    Bench bench;
    bench.context->editing = editing;

    const QKeySequence sequence(pressed, QKeySequence::PortableText);
    for (int i = 0; i < sequence.count(); ++i)
        QTest::keyClick(&bench.field, sequence[uint(i)].key(),
                        sequence[uint(i)].keyboardModifiers());
    QCoreApplication::processEvents();

    QCOMPARE(bench.triggered.join(QLatin1Char(',')), command);
    QVERIFY(!bench.dispatcher.isPending());
    if (!command.isEmpty())
        QCOMPARE(bench.field.text(), QString()); // the field saw none of it
}

void TestKeymap::lettersAreTypedWhileEditing()
{
    Bench bench;
    bench.context->editing = true;

    QTest::keyClicks(&bench.field, QStringLiteral("bad"));

    QCOMPARE(bench.field.text(), QStringLiteral("bad"));
    QVERIFY(bench.triggered.isEmpty());
    bench.context = KeyDispatcher::Context{false, false, true}; // a search field
    QTest::keyClick(&bench.field, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(&bench.field, Qt::Key_S, Qt::ControlModifier);
    QCoreApplication::processEvents();
    QCOMPARE(bench.triggered, QStringList{QStringLiteral("file.save")});
    QCOMPARE(bench.field.selectedText(), QStringLiteral("bad"));
}

void TestKeymap::unknownChordIsSwallowed()
{
    Bench bench;
    bench.context->editing = true;
    const QSignalSpy unknown(&bench.dispatcher, &KeyDispatcher::unknownChord);

    QTest::keyClick(&bench.field, Qt::Key_M, Qt::ControlModifier);
    QVERIFY(bench.dispatcher.isPending());
    QTest::keyClick(&bench.field, Qt::Key_Q);

    QCOMPARE(unknown.count(), 1);
    QVERIFY(bench.field.text().isEmpty());
}

void TestKeymap::disabledCommandLetsTheKeyThrough()
{
    const ThemeSource theme;
    Keymap keymap({});
    CommandRegistry commands;
    commands.add({QStringLiteral("insert.code"), {}, {}, {}, [] {}, [] { return false; }});
    QLineEdit field;
    const KeyDispatcher dispatcher(keymap, commands, [](const QObject *) {
        return KeyDispatcher::Context{true, false, false};
    });
    field.show();
    QApplication::setActiveWindow(&field);
    field.setFocus();

    QTest::keyClick(&field, Qt::Key_B);

    QCOMPARE(field.text(), QStringLiteral("b"));
    QVERIFY(!commands.trigger(QStringLiteral("insert.code")));
    QVERIFY(!commands.trigger(QStringLiteral("no.such")));
}

void TestKeymap::fuzzy_data()
{
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("better");
    QTest::addColumn<QString>("worse");

    QTest::newRow("whole word before letters") << "run"
                                               << "Run all"
                                               << "Return under nothing";
    QTest::newRow("starts of words") << "rsa"
                                     << "Restart session and run all"
                                     << "Parse data";
    QTest::newRow("start before middle") << "all"
                                         << "All cells"
                                         << "Select all cells";
    QTest::newRow("no match") << "xyz"
                              << "x y z"
                              << "Run all";
}

void TestKeymap::fuzzy()
{
    QFETCH(QString, pattern);
    QFETCH(QString, better);
    QFETCH(QString, worse);

    QVERIFY(fuzzyMatch(pattern, better).score > fuzzyMatch(pattern, worse).score);
}

void TestKeymap::paletteRanksAndRuns()
{
    ThemeSource theme;
    Keymap keymap({});
    CommandRegistry commands;
    bool ran = false;
    commands.add(
        {QStringLiteral("a"), QStringLiteral("Restart session"), QStringLiteral("Runtime"), {}, [] {
         }});
    commands.add(
        {QStringLiteral("b"), QStringLiteral("Run all"), QStringLiteral("Runtime"), {}, [&ran] {
             ran = true;
         }});
    commands.add(
        {QStringLiteral("c"), QStringLiteral("Run nothing"), {}, {}, [] {}, [] { return false; }});
    QWidget window;
    window.resize(800, 600);
    window.show();
    CommandPalette palette(commands, keymap, theme, &window);

    palette.open();
    QCOMPARE(palette.shownCommands().size(), 2); // what cannot be used is not offered
    palette.setFilter(QStringLiteral("run"));

    QCOMPARE(palette.shownCommands().value(0), QStringLiteral("b"));
    QTest::keyClick(palette.findChild<QLineEdit *>(), Qt::Key_Return);
    QVERIFY(ran);
    QVERIFY(!palette.isVisible());
}

} // namespace farcell

QTEST_MAIN(farcell::TestKeymap)
#include "tst_keymap.moc"
