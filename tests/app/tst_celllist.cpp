#include "app/celllist/celllistview.h"
#include "app/editor/celleditor.h"
#include "app/outputs/outputarea.h"
#include "app/theme/theme.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>

using namespace farcell;

namespace {

// A window with a notebook of `count` code cells: source "x<i> = <i>", some lines long.
struct Page
{
    explicit Page(int count, const QStringList &texts = {})
        : folds(document)
        , render(theme)
    {
        NotebookContent content;
        content.metadata = JsonText(QByteArray("{}"));
        for (int i = 0; i < count; ++i) {
            Cell cell;
            cell.id = CellId(QStringLiteral("c%1").arg(i));
            cell.source =
                QStringLiteral("x%1 = %1").arg(i) + QStringLiteral("\nprint(x)").repeated(i % 7);
            cell.metadata = JsonText(QByteArray("{}"));
            if (i < texts.size() && !texts[i].isEmpty()) {
                cell.kind = CellKind::Markdown;
                cell.source = texts[i];
            }
            content.cells.push_back(cell);
        }
        document.setContent(std::move(content));
        view = std::make_unique<CellListView>(document, folds, theme, render);
        view->resize(900, 700);
        view->show();
        view->activateWindow();
        if (!QTest::qWaitForWindowActive(view.get()))
            qWarning("The window did not become active");
        view->finishLayout();
    }
    [[nodiscard]] CellId id(int index) const { return document.cellAt(index).id; }
    [[nodiscard]] CellEditor *focused() const
    {
        return qobject_cast<CellEditor *>(QApplication::focusWidget());
    }
    void edit(int index)
    {
        view->setCurrentCell(id(index));
        view->enterEditMode();
    }
    void type(const QString &text)
    {
        for (const QChar c : text)
            QTest::sendKeyEvent(QTest::Click, QApplication::focusWidget(), Qt::Key_unknown,
                                QString(c), Qt::NoModifier);
    }

    NotebookDocument document;
    SectionFolds folds;
    ThemeSource theme;
    RenderService render;
    std::unique_ptr<CellListView> view;
};

Output streamOutput(int lines)
{
    Output output;
    output.kind = OutputKind::Stream;
    output.streamName = QStringLiteral("stdout");
    output.text = QStringLiteral("line\n").repeated(lines);
    return output;
}

} // namespace

class TestCellList : public QObject
{
    Q_OBJECT

private slots:
    void poolStaysSmall();
    void anchorStandsStill();
    void caretAndSelectionSurviveScrolling();
    void typingReveals();
    void editReachesDocumentAndBack();
    void multiCaretIsOneStep();
    void kernelEditReachesEditor();
    void arrowsLeaveTheEditor();
    void tallCellFollowsTheCaret();
    void textCellEditing();
    void structureChanges();
    void removedCurrentCell();
    void foldsHide();
    void dragMoves();
    void runButtonAsks();
    void staleCompletionIsDropped();
    void inputBoxSubmits();
    void quitsWithBuffersOpen();
};

void TestCellList::poolStaysSmall()
{
    Page page(10000);
    const int atStart = page.view->editorCount();
    QScrollBar *bar = page.view->verticalScrollBar();

    for (int step = 0; step <= 200; ++step) {
        bar->setValue(static_cast<int>(static_cast<qint64>(bar->maximum()) * step / 200));
        page.view->finishLayout();
    }
    for (int step = 0; step < 100; ++step)
        bar->setValue(bar->value() - 57);

    QVERIFY2(page.view->editorCount() <= atStart + 16,
             qPrintable(QString::number(page.view->editorCount())));
    QVERIFY(page.view->editorCount() < 40);
}

void TestCellList::anchorStandsStill()
{
    Page page(60);
    page.view->verticalScrollBar()->setValue(900);
    page.view->finishLayout();
    CellId seen;
    for (int i = 0; i < 60 && seen.isEmpty(); ++i) {
        const QRect rect = page.view->cellRect(page.id(i));
        if (rect.top() > 100 && rect.bottom() < 600)
            seen = page.id(i);
    }
    const int before = page.view->cellRect(seen).top();

    page.document.appendOutput(page.id(0), streamOutput(5));
    page.document.setSource(page.id(1), QStringLiteral("a\n").repeated(12));
    page.document.insertCell(0, CellKind::Code, QStringLiteral("new\nnew"));
    QTest::qWait(250); // guesses for rows far away are made a moment later
    page.view->finishLayout();

    QCOMPARE(page.view->cellRect(seen).top(), before);
}

void TestCellList::caretAndSelectionSurviveScrolling()
{
    Page page(300);
    page.edit(5);
    page.focused()->select(3, 4);
    const QString selected = page.view->selectedSource();
    QVERIFY(!selected.isEmpty());
    page.view->leaveEditMode();

    page.view->verticalScrollBar()->setValue(page.view->verticalScrollBar()->maximum());
    page.view->finishLayout();
    page.view->setCurrentCell(page.id(5));

    QCOMPARE(page.view->selectedSource(), selected);
}

void TestCellList::typingReveals()
{
    Page page(300);
    page.edit(3);
    page.view->verticalScrollBar()->setValue(page.view->verticalScrollBar()->maximum());
    page.view->finishLayout();
    QVERIFY(page.focused()); // pinned: out of sight, with the focus
    QVERIFY(page.view->cellRect(page.id(3)).bottom() < 0);
    QCOMPARE(page.view->currentCell(), page.id(3));

    page.type(QStringLiteral("z"));

    QVERIFY(page.document.cellAt(3).source.contains(u'z'));
    const QRect rect = page.view->cellRect(page.id(3));
    QVERIFY(rect.bottom() > 0 && rect.top() < page.view->viewport()->height());
}

void TestCellList::editReachesDocumentAndBack()
{
    Page page(3);
    page.edit(0);
    page.focused()->setCaret(0);

    page.type(QStringLiteral("中"));
    QTest::sendKeyEvent(QTest::Click, page.focused(), Qt::Key_unknown, QStringLiteral("\U0001F600"),
                        Qt::NoModifier);
    QCOMPARE(page.document.cellAt(0).source, QStringLiteral("中\U0001F600x0 = 0"));
    QCOMPARE(page.view->cursorPosition(), 3);
    page.document.undo();

    QCOMPARE(page.focused()->textRange(0, 100), page.document.cellAt(0).source);
}

void TestCellList::multiCaretIsOneStep()
{
    Page page(8);
    page.edit(3); // "x3 = 3" and three lines of "print(x)"
    const QString before = page.document.cellAt(3).source;
    page.focused()->setCaret(0);
    for (int i = 0; i < 3; ++i)
        QTest::keyClick(page.focused(), Qt::Key_Down, Qt::ControlModifier | Qt::AltModifier);

    page.type(QStringLiteral("é"));

    QCOMPARE(page.document.cellAt(3).source.count(u'é'), 4);
    QCOMPARE(page.focused()->textRange(0, 1000), page.document.cellAt(3).source);
    page.document.undo();
    QCOMPARE(page.document.cellAt(3).source, before);
    QCOMPARE(page.focused()->textRange(0, 1000), before);
}

void TestCellList::kernelEditReachesEditor()
{
    Page page(300);
    page.edit(2);
    page.document.setSource(page.id(2), QStringLiteral("replaced = 1"));
    QCOMPARE(page.focused()->textRange(0, 100), QStringLiteral("replaced = 1"));

    // A cell that has a buffer but no editor now.
    page.view->leaveEditMode();
    page.view->verticalScrollBar()->setValue(page.view->verticalScrollBar()->maximum());
    page.view->finishLayout();
    page.document.setSource(page.id(2), QStringLiteral("again = 2"));
    page.edit(2);

    QCOMPARE(page.focused()->textRange(0, 100), QStringLiteral("again = 2"));
}

void TestCellList::arrowsLeaveTheEditor()
{
    Page page(4);
    page.edit(1);
    page.focused()->setCaret(0);

    QTest::keyClick(page.focused(), Qt::Key_Up);
    QCOMPARE(page.view->currentCell(), page.id(0));
    QCOMPARE(page.view->mode(), CellListView::Mode::Edit);
    QTest::keyClick(page.focused(), Qt::Key_Down);
    QCOMPARE(page.view->currentCell(), page.id(1));
    QTest::keyClick(page.focused(), Qt::Key_Escape);

    QCOMPARE(page.view->mode(), CellListView::Mode::Command);
    QVERIFY(page.view->hasFocus());
}

void TestCellList::tallCellFollowsTheCaret()
{
    Page page(3);
    page.document.setSource(page.id(1), QStringLiteral("line\n").repeated(2000));
    page.view->finishLayout();
    page.edit(1);
    QTest::keyClick(page.focused(), Qt::Key_End, Qt::ControlModifier);
    page.type(QStringLiteral("q"));

    QVERIFY(page.document.cellAt(1).source.endsWith(u'q'));
    const CellEditor *editor = page.focused();
    QVERIFY(editor->height() <= 3 * page.view->viewport()->height());
    const QPoint caret =
        editor->viewport()->mapTo(page.view->viewport(), editor->caretRect().center());
    QVERIFY(page.view->viewport()->rect().contains(caret));
}

void TestCellList::textCellEditing()
{
    Page page(3, {QString{}, QStringLiteral("# Title\n\nSome text")});
    page.edit(1);
    QVERIFY(page.focused());
    QTest::keyClick(page.focused(), Qt::Key_End, Qt::ControlModifier);
    page.type(QStringLiteral("!"));
    QTest::keyClick(page.focused(), Qt::Key_Escape);

    QCOMPARE(page.document.cellAt(1).source, QStringLiteral("# Title\n\nSome text!"));
    QVERIFY(!page.focused());
    QCOMPARE(page.view->mode(), CellListView::Mode::Command);
}

void TestCellList::structureChanges()
{
    Page page(20);
    page.edit(2);
    const QString source = page.document.cellAt(2).source;
    const CellId id = page.id(2);

    page.document.insertCell(0, CellKind::Markdown, QStringLiteral("# New"));
    const std::vector<CellId> moved{id};
    page.document.moveCells(moved, 10);
    page.view->finishLayout();

    QCOMPARE(page.focused()->textRange(0, 100), source);
    QCOMPARE(page.view->currentCell(), id);
    page.type(QStringLiteral("w"));
    QVERIFY(page.document.findCell(id)->source.contains(u'w'));
}

void TestCellList::removedCurrentCell()
{
    Page page(5);
    page.edit(2);
    const CellId next = page.id(3);

    const std::vector<CellId> gone{page.id(2)};
    page.document.removeCells(gone);
    page.view->finishLayout();

    QCOMPARE(page.view->currentCell(), next);
    QCOMPARE(page.view->mode(), CellListView::Mode::Command);
    page.document.undo();
    page.view->finishLayout();
    QVERIFY(!page.view->cellRect(page.id(2)).isNull());
}

void TestCellList::foldsHide()
{
    Page page(6, {QStringLiteral("# One"), {}, {}, QStringLiteral("# Two")});
    QVERIFY(!page.view->cellRect(page.id(1)).isNull());

    page.folds.setCollapsed(page.id(0), true);
    page.view->finishLayout();

    QVERIFY(page.view->cellRect(page.id(1)).isNull());
    QVERIFY(page.view->cellRect(page.id(2)).isNull());
    page.view->setCurrentCell(page.id(0));
    page.view->moveCurrent(1);
    QCOMPARE(page.view->currentCell(), page.id(3)); // passes the folded section

    page.view->reveal(page.id(2));
    QVERIFY(!page.view->cellRect(page.id(2)).isNull());
    QVERIFY(!page.folds.isCollapsed(page.id(0)));
}

void TestCellList::dragMoves()
{
    Page page(6);
    QSignalSpy moves(page.view.get(), &CellListView::moveRequested);
    const QRect first = page.view->cellRect(page.id(0));
    const QRect third = page.view->cellRect(page.id(2));
    QWidget *viewport = page.view->viewport();
    const QPoint handle(20, first.center().y());

    QTest::mousePress(viewport, Qt::LeftButton, {}, handle);
    QTest::mouseMove(viewport, QPoint(40, first.bottom() + 30));
    QTest::mouseMove(viewport, QPoint(40, third.bottom() - 4));
    QTest::mouseRelease(viewport, Qt::LeftButton, {}, QPoint(40, third.bottom() - 4));

    QCOMPARE(moves.count(), 1);
    QCOMPARE(moves.first().at(0).value<QList<CellId>>(), QList<CellId>{page.id(0)});
    QCOMPARE(moves.first().at(1).toInt(), 3);
}

void TestCellList::runButtonAsks()
{
    Page page(2);
    QSignalSpy runs(page.view.get(), &CellListView::runRequested);
    QSignalSpy stops(page.view.get(), &CellListView::interruptRequested);
    const QPoint button(50, page.view->cellRect(page.id(1)).top() + 25);

    QTest::mouseClick(page.view->viewport(), Qt::LeftButton, {}, button);
    QCOMPARE(runs.count(), 1);
    CellRunState running;
    running.phase = CellRunState::Phase::Running;
    running.startedAt = QDateTime::currentDateTimeUtc();
    page.view->setRunState(page.id(1), running);
    QTest::mouseClick(page.view->viewport(), Qt::LeftButton, {}, button);

    QCOMPARE(stops.count(), 1);
}

void TestCellList::staleCompletionIsDropped()
{
    Page page(2);
    page.edit(0);
    QSignalSpy asked(page.view.get(), &CellListView::completionRequested);
    QTest::keyClick(page.focused(), Qt::Key_Space, Qt::ControlModifier);
    QTest::keyClick(page.focused(), Qt::Key_Space, Qt::ControlModifier);
    QCOMPARE(asked.count(), 2);
    const int position = asked.last().at(2).toInt();
    const auto popupShown = [] {
        const auto widgets = QApplication::topLevelWidgets();
        return std::any_of(widgets.begin(), widgets.end(), [](QWidget *w) {
            return w->inherits("farcell::CompletionPopup") && w->isVisible();
        });
    };

    const QList<CellListView::Completion> matches{{QStringLiteral("abc"), {}, {}},
                                                  {QStringLiteral("abd"), {}, {}}};

    page.view->showCompletions(asked.first().at(0).toInt(), matches, position, position);
    QVERIFY(!popupShown());
    page.view->showCompletions(asked.last().at(0).toInt(), matches, position, position);
    QVERIFY(popupShown());
    QTest::keyClick(page.focused(), Qt::Key_Escape);

    QVERIFY(!popupShown());
    QCOMPARE(page.view->mode(), CellListView::Mode::Edit); // the first Esc only closes the list
}

void TestCellList::inputBoxSubmits()
{
    Page page(2);
    QSignalSpy submitted(page.view.get(), &CellListView::inputSubmitted);
    page.view->showInput(page.id(0), QStringLiteral("Name: "), false);
    QVERIFY(QApplication::focusWidget()->inherits("QLineEdit"));

    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("Ada"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);

    QCOMPARE(submitted.count(), 1);
    QCOMPARE(submitted.first().at(1).toString(), QStringLiteral("Ada"));
    page.view->hideInput(page.id(0));
    page.view->finishLayout();
}

void TestCellList::quitsWithBuffersOpen()
{
    for (int round = 0; round < 3; ++round) {
        Page page(200);
        for (int i = 0; i < 200; i += 20)
            page.edit(i);
        page.type(QStringLiteral("x"));
    }
    QVERIFY(true); // no crash is the point
}

QTEST_MAIN(TestCellList)
#include "tst_celllist.moc"
