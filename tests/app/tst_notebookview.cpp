#include "app/notebook/documentfile.h"
#include "app/notebook/findbar.h"
#include "app/notebook/infobar.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "app/notebook/settings.h"
#include "app/outputs/outputarea.h"
#include "app/theme/theme.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"
#include "core/notebook/privateoutputs.h"

#include <QClipboard>
#include <QFile>
#include <QGuiApplication>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <algorithm>

namespace farcell {

namespace {

const QByteArray threeCells = R"({
 "cells": [
  {
   "cell_type": "markdown",
   "metadata": {},
   "source": [
    "# One"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "metadata": {},
   "outputs": [],
   "source": [
    "a = 1"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "metadata": {},
   "outputs": [],
   "source": [
    "b = a + 1"
   ]
  }
 ],
 "metadata": {},
 "nbformat": 4,
 "nbformat_minor": 2
}
)";

void write(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

QByteArray read(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

// A notebook tab without a kernel: files, cell commands, find. Offscreen.
class TestNotebookView : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void init();
    void cleanup();
    void savingUnchangedKeepsTheBytes();
    void editingOneCellChangesItsLineOnly();
    void brokenFileIsExplained();
    void changeOnDiskIsNoticed();
    void savingOverAForeignChangeAsks();
    void cellCommands();
    void collapsedSectionMovesAsOne();
    void cellsTravelByClipboard();
    void findAndReplace();
    void findsInLongOutputs();
    void versionThreeAsksBeforeSaving();
    void privateOutputsAreNotSaved();

private:
    void open(const QByteArray &bytes);
    [[nodiscard]] QStringList sources() const;

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_path;
    ThemeSource m_theme;
    std::unique_ptr<RenderService> m_render;
    std::unique_ptr<Settings> m_settings;
    std::unique_ptr<RuntimeHub> m_runtimes;
    std::unique_ptr<NotebookView> m_view;
};

void TestNotebookView::initTestCase()
{
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_STATE_HOME", m_folder->path().toUtf8()); // recovery files
}

void TestNotebookView::init()
{
    m_path = m_folder->filePath(QStringLiteral("n.ipynb"));
    m_render = std::make_unique<RenderService>(m_theme);
    m_settings = std::make_unique<Settings>(QString());
    m_settings->setAutosave(false);
    m_runtimes = std::make_unique<RuntimeHub>();
    m_view =
        std::make_unique<NotebookView>(Workspace{m_theme, *m_render, *m_runtimes, *m_settings});
    m_view->resize(900, 700);
    m_view->show();
}

void TestNotebookView::cleanup()
{
    m_view->discardJournal();
    m_view.reset();
    m_runtimes.reset();
    m_render.reset();
}

void TestNotebookView::open(const QByteArray &bytes)
{
    write(m_path, bytes);
    m_view->open({m_path, nullptr});
    QTRY_VERIFY(!m_view->file().isLoading());
}

QStringList TestNotebookView::sources() const
{
    QStringList list;
    for (int i = 0; i < m_view->document().cellCount(); ++i)
        list.append(m_view->document().cellAt(i).source);
    return list;
}

void TestNotebookView::savingUnchangedKeepsTheBytes()
{
    open(threeCells);
    const QSignalSpy saved(&m_view->file(), &DocumentFile::saved);

    m_view->save();

    QTRY_COMPARE(saved.count(), 1);
    QCOMPARE(read(m_path), threeCells);
    QVERIFY(!m_view->isModified());
}

void TestNotebookView::editingOneCellChangesItsLineOnly()
{
    open(threeCells);
    const QSignalSpy saved(&m_view->file(), &DocumentFile::saved);

    m_view->document().setSource(m_view->document().cellAt(1).id, QStringLiteral("a = 2"));
    QVERIFY(m_view->isModified());
    m_view->save();

    QTRY_COMPARE(saved.count(), 1);
    QCOMPARE(read(m_path), QByteArray(threeCells).replace("a = 1", "a = 2"));
    QVERIFY(!m_view->isModified());
}

void TestNotebookView::brokenFileIsExplained()
{
    const QSignalSpy text(m_view.get(), &NotebookView::openTextRequested);
    open("{\"cells\": [,]}");

    QVERIFY(!m_view->isUsable());
    const auto buttons = m_view->findChildren<QPushButton *>();
    const auto asText = std::find_if(buttons.begin(), buttons.end(), [](const QPushButton *button) {
        return button->text() == QStringLiteral("Show as text");
    });
    QVERIFY(asText != buttons.end());
    (*asText)->click();
    QCOMPARE(text.count(), 1);
    QCOMPARE(text.first().at(1).toString(), QStringLiteral("{\"cells\": [,]}"));
    QCOMPARE(read(m_path), QByteArray("{\"cells\": [,]}"));
}

void TestNotebookView::changeOnDiskIsNoticed()
{
    open(threeCells);
    const QSignalSpy changed(&m_view->file(), &DocumentFile::changedOnDisk);

    write(m_path, threeCells); // the same content is no change
    write(m_path, QByteArray(threeCells).replace("# One", "# Two"));

    QTRY_VERIFY(!changed.isEmpty());
    QVERIFY(m_view->infoBar().message().contains(QStringLiteral("another program")));
    m_view->reload();
    QTRY_COMPARE(sources().value(0), QStringLiteral("# Two"));
}

void TestNotebookView::savingOverAForeignChangeAsks()
{
    open(threeCells);
    const QByteArray theirs = QByteArray(threeCells).replace("# One", "# Theirs");
    const QSignalSpy failed(&m_view->file(), &DocumentFile::saveFailed);

    m_view->document().setSource(m_view->document().cellAt(1).id, QStringLiteral("a = 3"));
    write(m_path, theirs);
    m_view->save();

    QTRY_COMPARE(failed.count(), 1);
    QCOMPARE(read(m_path), theirs);
    QVERIFY(!m_view->infoBar().message().isEmpty());
    m_view->file().acceptDiskVersion(); // "keep mine"
    m_view->save();
    QTRY_VERIFY(read(m_path).contains("a = 3"));
}

void TestNotebookView::cellCommands()
{
    open(threeCells);
    CellActions &actions = m_view->actions();
    CellListView &list = m_view->list();
    const CellId first = m_view->document().cellAt(1).id;
    list.setCurrentCell(first);

    actions.insert(CellKind::Code, CellActions::Where::Below);
    QCOMPARE(sources(), (QStringList{QStringLiteral("# One"), QStringLiteral("a = 1"), QString(),
                                     QStringLiteral("b = a + 1")}));
    actions.remove();
    QCOMPARE(m_view->document().cellCount(), 3);
    list.setCurrentCell(first);
    actions.moveSelected(1);
    QCOMPARE(sources().value(2), QStringLiteral("a = 1"));
    actions.moveSelected(-1);
    actions.merge(); // with the one below
    QCOMPARE(sources().value(1), QStringLiteral("a = 1\nb = a + 1"));
    actions.undo();
    QCOMPARE(m_view->document().cellCount(), 3);
    actions.convert(CellKind::Markdown);
    QCOMPARE(m_view->document().findCell(list.currentCell())->kind, CellKind::Markdown);
    actions.undo();

    actions.selectAll();
    QCOMPARE(list.selectedCells().size(), 3);
    actions.remove(); // a notebook is never without a cell
    QCOMPARE(sources(), QStringList{QString()});
    actions.undo();
    QCOMPARE(m_view->document().cellCount(), 3);
}

void TestNotebookView::collapsedSectionMovesAsOne()
{
    open(threeCells);
    const CellId heading = m_view->document().cellAt(0).id;
    const CellId tail =
        m_view->document().insertCell(3, CellKind::Markdown, QStringLiteral("# End"));
    m_view->folds().setCollapsed(heading, true);
    m_view->list().setCurrentCell(heading);

    QCOMPARE(m_view->actions().hiddenCodeCells(heading).size(), size_t(2));
    QCOMPARE(m_view->actions().codeCells(CellActions::Range::Section).size(), size_t(2));
    m_view->actions().moveSelected(1);

    QCOMPARE(m_view->document().indexOf(tail), 0);
    QCOMPARE(m_view->document().indexOf(heading), 1);
    QCOMPARE(sources().last(), QStringLiteral("b = a + 1"));
}

void TestNotebookView::cellsTravelByClipboard()
{
    open(threeCells);
    m_view->list().setCurrentCell(m_view->document().cellAt(1).id);

    m_view->actions().copy();
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("a = 1"));
    m_view->actions().paste(CellActions::Where::Below);
    QCOMPARE(sources().value(2), QStringLiteral("a = 1"));
    QGuiApplication::clipboard()->setText(QStringLiteral("print('from elsewhere')"));
    m_view->actions().paste(CellActions::Where::Below);

    QCOMPARE(sources().value(3), QStringLiteral("print('from elsewhere')"));
    QCOMPARE(m_view->document().cellCount(), 5);
}

void TestNotebookView::findAndReplace()
{
    open(threeCells);
    m_view->showFind(false);
    const auto fields = m_view->find().findChildren<QLineEdit *>();
    QCOMPARE(fields.size(), 2);

    fields.at(0)->setText(QStringLiteral("a"));
    QCOMPARE(m_view->find().hitCount(), 2);
    fields.at(1)->setText(QStringLiteral("value"));
    const auto buttons = m_view->find().findChildren<QPushButton *>();
    buttons.last()->click();

    QCOMPARE(sources(), (QStringList{QStringLiteral("# One"), QStringLiteral("value = 1"),
                                     QStringLiteral("b = value + 1")}));
    m_view->actions().undo(); // one step
    QCOMPARE(sources().value(1), QStringLiteral("a = 1"));
}

// What a cell does not show of a long output is found too, and opened in a tab.
void TestNotebookView::findsInLongOutputs()
{
    open(threeCells);
    QString text = QStringLiteral("needle at the start\n");
    for (int i = 0; i < 300'000; ++i)
        text += QStringLiteral("line %1\n").arg(i);
    text += QStringLiteral("needle at the end\n");
    Output output;
    output.kind = OutputKind::Stream;
    output.streamName = QStringLiteral("stdout");
    output.text = text;
    const CellId id = m_view->document().cellAt(1).id;
    m_view->document().appendOutput(id, output);
    FindBar &find = m_view->find();
    const QSignalSpy opened(m_view.get(), &NotebookView::openTextRequested);

    m_view->showFind(false);
    find.findChildren<QLineEdit *>().first()->setText(QStringLiteral("NEEDLE"));
    QTRY_VERIFY_WITH_TIMEOUT(!find.isSearching(), 60000);

    QTRY_COMPARE(find.hitCount(), 2);
    QToolButton *button = nullptr;
    for (QToolButton *const one : find.findChildren<QToolButton *>()) {
        if (one->text() == QStringLiteral("Open in tab"))
            button = one;
    }
    QVERIFY(button);
    QTRY_VERIFY(button->isVisible()); // the first one is not in the cell
    button->click();
    QCOMPARE(opened.size(), 1);
    QCOMPARE(opened.first().at(1).toString(), text);
    QCOMPARE(opened.first().at(2).toString(), QStringLiteral("NEEDLE"));
    find.next();
    QVERIFY(!button->isVisible()); // the second one is
}

void TestNotebookView::versionThreeAsksBeforeSaving()
{
    const QByteArray old = R"({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0,
 "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"], "language": "python",
 "metadata": {}, "outputs": [], "prompt_number": 1}], "metadata": {}}]})";
    open(old);
    QVERIFY(m_view->isUsable());
    QCOMPARE(sources(), QStringList{QStringLiteral("x = 1")});
    QVERIFY(m_view->infoBar().message().contains(QStringLiteral("format 3")));

    m_view->document().setSource(m_view->document().cellAt(0).id, QStringLiteral("x = 2"));
    m_view->save();
    QCOMPARE(read(m_path), old); // nothing is written before the person agreed

    const auto buttons = m_view->findChildren<QPushButton *>();
    for (QPushButton *button : buttons) {
        if (button->text() == QStringLiteral("Save as format 4"))
            button->click();
    }
    QTRY_VERIFY(read(m_path).contains("\"nbformat\": 4"));
    QVERIFY(read(m_path).contains("x = 2"));
}

void TestNotebookView::privateOutputsAreNotSaved()
{
    open(threeCells);
    NotebookDocument &document = m_view->document();
    const CellId cell = document.cellAt(1).id;
    setPrivateOutputs(document, true);
    Output output;
    output.kind = OutputKind::Stream;
    output.streamName = QStringLiteral("stdout");
    output.text = QStringLiteral("a secret\n");
    document.appendOutput(cell, output);
    document.setExecutionCount(cell, 7);

    m_view->save();
    QTRY_VERIFY(!m_view->isModified());
    const QByteArray saved = read(m_path);
    QVERIFY2(saved.contains("\"private_outputs\": true"), saved.constData());
    QVERIFY(!saved.contains("a secret"));
    QVERIFY(!saved.contains(": 7"));
    QCOMPARE(document.cellAt(1).outputs.size(), 1); // still here to look at

    setPrivateOutputs(document, false);
    m_view->save();
    QTRY_VERIFY(!m_view->isModified());
    QVERIFY(read(m_path).contains("a secret"));
    QVERIFY(!read(m_path).contains("private_outputs"));
    QVERIFY(!read(m_path).contains("colab"));
}

} // namespace farcell

QTEST_MAIN(farcell::TestNotebookView)
#include "tst_notebookview.moc"
