#include "app/notebook/kernellink.h"
#include "app/panels/queuelist.h"
#include "app/panels/queuepanel.h"
#include "app/panels/sessionlist.h"
#include "app/panels/sessionspanel.h"
#include "app/shell/commandregistry.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/farcelld.h"
#include "tests/support/windowfixture.h"
#include "tests/support/xdesktop.h"

#include <QDrag>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QMouseEvent>
#include <QPushButton>
#include <QTest>
#include <QToolButton>

#include <algorithm>
#include <cstdio>

namespace farcell {

using test::WindowFixture;
using test::XDesktop;

namespace {

constexpr int patience = 60000;

// Another program's window; dragging in it drags a file.
class FileSource : public QWidget
{
public:
    explicit FileSource(QString path)
        : m_path(std::move(path))
    {
        resize(200, 100);
        setWindowFlag(Qt::WindowStaysOnTopHint);
    }

protected:
    void mouseMoveEvent(QMouseEvent * /*event*/) override
    {
        auto *data = new QMimeData;
        data->setUrls({QUrl::fromLocalFile(m_path)});
        auto *drag = new QDrag(this);
        drag->setMimeData(data);
        const bool taken = drag->exec(Qt::CopyAction) == Qt::CopyAction;
        std::printf(taken ? "taken\n" : "refused\n");
        std::fflush(stdout);
    }

private:
    QString m_path;
};

} // namespace

// What a person does with the mouse and keys, in a real window on a display of its own, on a real
// farcelld with real kernels.
class TestMouse : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void theQueueIsPausedAndGoesOn();
    void theQueueStopsAfterACell();
    void theQueueIsReorderedAndCut();
    void sessionsAreOpenedInterruptedRestartedAndEnded();
    void markedTextIsRun();
    void cellsAreDragged();
    void aFileIsDraggedOntoTheWindow();

private:
    NotebookView *open(const QList<QByteArray> &sources, const QString &name = {});
    void run(const NotebookView &view, const QList<int> &cells) const;
    [[nodiscard]] static QString textOf(const NotebookView &view, int cell);
    [[nodiscard]] static CellRunState::Phase phase(const NotebookView &view, int cell)
    {
        return view.session().runState(view.document().cellAt(cell).id).phase;
    }
    // A kernel that runs cell 0 until it is let go, with all other cells behind it.
    NotebookView *openBusy(const QList<QByteArray> &sources);
    void letGo() const { WindowFixture::write(m_server->root() + QStringLiteral("/go"), "go"); }
    template <typename List>
    [[nodiscard]] static QPoint rowCentre(const List *list, int row)
    {
        return list->visualItemRect(list->item(row)).center();
    }
    [[nodiscard]] QToolButton *tool(const QWidget *panel, const QString &start) const;
    void sayYes(const QString &button) const;

    std::unique_ptr<test::Farcelld> m_server;
    std::unique_ptr<WindowFixture> m_app;
};

void TestMouse::init()
{
    m_server = std::make_unique<test::Farcelld>();
    QVERIFY(m_server->start());
    m_app = std::make_unique<WindowFixture>();
    MainWindow &window = m_app->makeWindow();
    window.move(40, 40);
    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    m_app->connectTo(m_server->port());
}

void TestMouse::cleanup()
{
    letGo();
    m_app.reset();
    m_server.reset();
}

NotebookView *TestMouse::open(const QList<QByteArray> &sources, const QString &name)
{
    const QString file = name.isEmpty() ? QStringLiteral("n.ipynb") : name;
    WindowFixture::write(m_server->root() + QLatin1Char('/') + file,
                         WindowFixture::notebook(sources));
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), file);
    const auto isThere = [this, &file] {
        NotebookView *view = m_app->window().usableNotebook();
        return view && view->title() == file;
    };
    return QTest::qWaitFor(isThere, patience) ? m_app->window().usableNotebook() : nullptr;
}

void TestMouse::run(const NotebookView &view, const QList<int> &cells) const
{
    std::vector<CellId> ids;
    for (const int cell : cells)
        ids.push_back(view.document().cellAt(cell).id);
    view.kernel().run(ids);
}

QString TestMouse::textOf(const NotebookView &view, int cell)
{
    QString text;
    for (const Output &output : view.document().cellAt(cell).outputs.items())
        text += output.text;
    return text;
}

NotebookView *TestMouse::openBusy(const QList<QByteArray> &sources)
{
    NotebookView *view = open(QList<QByteArray>{"import os, time\n"
                                                "while not os.path.exists('go'):\n"
                                                "    time.sleep(0.05)"} +
                              sources);
    if (!view)
        return nullptr;
    m_app->window().commands().trigger(QStringLiteral("view.queue"));
    QList<int> all;
    for (int i = 0; i < view->document().cellCount(); ++i)
        all.append(i);
    run(*view, all);
    const auto *list = m_app->window().findChild<QueueList *>();
    const auto isReady = [&] {
        return list->isVisible() && list->count() == all.size() && list->itemAtRow(0)->isRunning &&
               view->kernel().hasQueue();
    };
    return QTest::qWaitFor(isReady, patience) ? view : nullptr;
}

QToolButton *TestMouse::tool(const QWidget *panel, const QString &start) const
{
    for (QToolButton *button : panel->findChildren<QToolButton *>()) {
        if (button->toolTip().startsWith(start))
            return button;
    }
    return nullptr;
}

// Clicks the button of the question that is open.
void TestMouse::sayYes(const QString &button) const
{
    QMessageBox *box = nullptr;
    QTRY_VERIFY((box = m_app->window().findChild<QMessageBox *>()) && box->isVisible());
    QVERIFY(QTest::qWaitForWindowExposed(box));
    const QList<QAbstractButton *> choices = box->buttons();
    const auto choice = std::find_if(choices.begin(), choices.end(),
                                     [&button](const auto *one) { return one->text() == button; });
    QVERIFY(choice != choices.end());
    QVERIFY(XDesktop::click(*choice)); // which deletes it
    QTRY_VERIFY(!m_app->window().findChild<QMessageBox *>());
}

void TestMouse::theQueueIsPausedAndGoesOn()
{
    NotebookView *view = openBusy({"print('one')", "print('two')"});
    QVERIFY(view);
    auto *panel = m_app->window().findChild<QueuePanel *>();

    QVERIFY(XDesktop::click(tool(panel, QStringLiteral("Pause"))));
    QTRY_VERIFY_WITH_TIMEOUT(view->kernel().queue().isPaused, patience);
    letGo();
    QTRY_COMPARE_WITH_TIMEOUT(phase(*view, 0), CellRunState::Phase::Succeeded, patience);
    auto *list = m_app->window().findChild<QueueList *>();
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 2, patience);
    QTest::qWait(1500); // they would have run by now
    QCOMPARE(view->kernel().queue().items.size(), 2);
    QVERIFY(!view->kernel().queue().items.at(0).isRunning);
    QCOMPARE(textOf(*view, 1), QString());

    QVERIFY(XDesktop::click(tool(panel, QStringLiteral("Go on"))));
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 2), QStringLiteral("two\n"), patience);
    QCOMPARE(textOf(*view, 1), QStringLiteral("one\n"));
    QVERIFY(!view->kernel().queue().isPaused);
}

void TestMouse::theQueueStopsAfterACell()
{
    NotebookView *view = openBusy({"print('one')", "print('two')"});
    QVERIFY(view);
    auto *list = m_app->window().findChild<QueueList *>();

    // After "one", by its own menu.
    QVERIFY(XDesktop::click(list->viewport(), rowCentre(list, 1), 3));
    QMenu *menu = nullptr;
    QTRY_VERIFY((menu = m_app->window().findChild<QueuePanel *>()->findChild<QMenu *>()) &&
                menu->isVisible());
    const QList<QAction *> actions = menu->actions();
    const auto stop = std::find_if(actions.begin(), actions.end(),
                                   [](const QAction *action) { return action->isCheckable(); });
    QVERIFY(stop != actions.end());
    QVERIFY(XDesktop::click(menu, menu->actionGeometry(*stop).center())); // which deletes it
    QTRY_COMPARE_WITH_TIMEOUT(view->kernel().queue().stopAfter, list->itemAtRow(1)->message,
                              patience);
    QVERIFY(list->stopsAfter(1));
    letGo();
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 1), QStringLiteral("one\n"), patience);
    QTRY_VERIFY_WITH_TIMEOUT(view->kernel().queue().isPaused, patience);
    QTest::qWait(1500);
    QCOMPARE(textOf(*view, 2), QString());
    QVERIFY(!view->kernel().queue().items.at(0).isRunning);

    auto *panel = m_app->window().findChild<QueuePanel *>();
    QVERIFY(XDesktop::click(tool(panel, QStringLiteral("Go on"))));
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 2), QStringLiteral("two\n"), patience);
}

void TestMouse::theQueueIsReorderedAndCut()
{
    NotebookView *view = openBusy({"print('one')", "print('two')", "print('three')"});
    QVERIFY(view);
    auto *list = m_app->window().findChild<QueueList *>();

    // "three" above "one".
    const QRect first = list->visualItemRect(list->item(1));
    QVERIFY(XDesktop::drag(list->viewport()->mapToGlobal(rowCentre(list, 3)),
                           list->viewport()->mapToGlobal(first.topLeft() + QPoint(60, 2))));
    QTRY_COMPARE_WITH_TIMEOUT(view->kernel().queue().items.at(1).code,
                              QStringLiteral("print('three')"), patience);
    QTRY_COMPARE_WITH_TIMEOUT(list->itemAtRow(1)->code, QStringLiteral("print('three')"), patience);
    QCOMPARE(list->count(), 4);
    QCOMPARE(list->itemAtRow(3)->code, QStringLiteral("print('two')"));
    // Dropped before what runs, a cell becomes the first of those that wait.
    const QRect running = list->visualItemRect(list->item(0));
    QVERIFY(XDesktop::drag(list->viewport()->mapToGlobal(rowCentre(list, 2)),
                           list->viewport()->mapToGlobal(running.topLeft() + QPoint(60, 2))));
    QTRY_COMPARE_WITH_TIMEOUT(list->itemAtRow(1)->code, QStringLiteral("print('one')"), patience);
    QVERIFY(list->itemAtRow(0)->isRunning);
    QVERIFY(view->kernel().queue().items.at(0).isRunning);
    QCOMPARE(list->count(), 4);

    // "two" out, by the cross at its end.
    const QPoint cross = QueueRowDelegate::cancelRect(list->visualItemRect(list->item(3))).center();
    QCOMPARE(list->itemAtRow(3)->code, QStringLiteral("print('two')"));
    QVERIFY(XDesktop::click(list->viewport(), cross));
    QTRY_COMPARE_WITH_TIMEOUT(phase(*view, 2), CellRunState::Phase::Aborted, patience);
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 3, patience);

    letGo();
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 1), QStringLiteral("one\n"), patience);
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 3), QStringLiteral("three\n"), patience);
    QCOMPARE(textOf(*view, 2), QString());
}

void TestMouse::sessionsAreOpenedInterruptedRestartedAndEnded()
{
    NotebookView *view =
        open({"x = 7\nprint('set')", "import time\ntime.sleep(600)", "print('x' in globals())"});
    QVERIFY(view);
    run(*view, {0, 1});
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 0), QStringLiteral("set\n"), patience);
    m_app->window().commands().trigger(QStringLiteral("view.sessions"));
    auto *panel = m_app->window().findChild<SessionsPanel *>();
    auto *list = panel->findChild<SessionList *>();
    QTRY_VERIFY_WITH_TIMEOUT(
        list->count() == 2 && list->rowAt(1)->kernel.state == QStringLiteral("busy"), patience);

    QVERIFY(XDesktop::click(list->viewport(), rowCentre(list, 1)));
    QTRY_VERIFY(list->selected());
    QVERIFY(XDesktop::click(tool(panel, QStringLiteral("Interrupt"))));
    QTRY_COMPARE_WITH_TIMEOUT(phase(*view, 1), CellRunState::Phase::Interrupted, patience);

    QVERIFY(XDesktop::click(tool(panel, QStringLiteral("Restart"))));
    sayYes(QStringLiteral("Restart"));
    QTRY_COMPARE_WITH_TIMEOUT(view->kernel().state(), KernelLink::State::Connected, patience);
    run(*view, {2});
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 2), QStringLiteral("False\n"), patience);

    // Its notebook is not open any more: a double click opens it, on the same kernel.
    const KernelId kernel = view->kernel().connection()->kernelId();
    view->save();
    QTRY_VERIFY(!view->isModified());
    m_app->window().commands().trigger(QStringLiteral("file.close"));
    QTRY_VERIFY(m_app->window().pages().isEmpty());
    QTRY_VERIFY_WITH_TIMEOUT(list->count() == 2, patience);
    QVERIFY(XDesktop::doubleClick(list->viewport(), rowCentre(list, 1)));
    QTRY_VERIFY_WITH_TIMEOUT(m_app->window().usableNotebook(), patience);
    view = m_app->window().usableNotebook();
    QTRY_VERIFY_WITH_TIMEOUT(view->kernel().connection(), patience);
    QCOMPARE(view->kernel().connection()->kernelId(), kernel);

    QVERIFY(XDesktop::click(list->viewport(), rowCentre(list, 1)));
    QVERIFY(XDesktop::click(tool(panel, QStringLiteral("Shut down"))));
    sayYes(QStringLiteral("Shut down"));
    QTRY_VERIFY_WITH_TIMEOUT(m_server->json("GET", "/api/kernels").empty(), patience);
    QTRY_COMPARE_WITH_TIMEOUT(view->kernel().state(), KernelLink::State::Disconnected, patience);
}

void TestMouse::markedTextIsRun()
{
    NotebookView *view = open({"print('first')\nprint('second')", "print('other cell')"});
    QVERIFY(view);
    view->list().setCurrentCell(view->document().cellAt(0).id);
    view->list().setFocus();

    // Into the cell, mark its second line, run that.
    QVERIFY(XDesktop::act(QStringLiteral("key Return key ctrl+End key shift+Home")));
    QTRY_COMPARE(view->list().selectedSource(), QStringLiteral("print('second')"));
    QVERIFY(XDesktop::act(QStringLiteral("key ctrl+shift+Return")));
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 0), QStringLiteral("second\n"), patience);
    QTest::qWait(500);
    QCOMPARE(textOf(*view, 0), QStringLiteral("second\n"));
    QCOMPARE(textOf(*view, 1), QString());

    // Two marked cells are run whole.
    QVERIFY(XDesktop::act(QStringLiteral("key Escape key shift+Down key ctrl+shift+Return")));
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 1), QStringLiteral("other cell\n"), patience);
    QCOMPARE(textOf(*view, 0), QStringLiteral("first\nsecond\n"));
}

void TestMouse::cellsAreDragged()
{
    NotebookView *view = open({"'a'", "'b'", "'c'"});
    QVERIFY(view);
    const auto order = [view] {
        QString text;
        for (int i = 0; i < view->document().cellCount(); ++i)
            text += view->document().cellAt(i).source.at(1);
        return text;
    };
    CellListView &list = view->list();
    list.finishLayout();
    const auto gutter = [&](int cell) {
        const QRect row = list.cellRect(view->document().cellAt(cell).id);
        // Left of the run button, where the pointer is a hand.
        return list.viewport()->mapToGlobal(QPoint(row.left() + 24, row.center().y()));
    };
    const QRect last = list.cellRect(view->document().cellAt(2).id);

    QVERIFY(XDesktop::drag(
        gutter(0), list.viewport()->mapToGlobal(QPoint(last.left() + 60, last.bottom() - 2))));
    QTRY_COMPARE(order(), QStringLiteral("bca"));

    list.finishLayout();
    const QRect first = list.cellRect(view->document().cellAt(0).id);
    QVERIFY(XDesktop::drag(
        gutter(2), list.viewport()->mapToGlobal(QPoint(first.left() + 60, first.top() + 2))));
    QTRY_COMPARE(order(), QStringLiteral("abc"));
    m_app->window().commands().trigger(QStringLiteral("edit.undo"));
    QTRY_COMPARE(order(), QStringLiteral("bca"));
}

void TestMouse::aFileIsDraggedOntoTheWindow()
{
    WindowFixture::write(m_app->path(QStringLiteral("dropped.ipynb")),
                         WindowFixture::notebook({"1 + 1"}));
    QProcess source;
    source.start(QCoreApplication::applicationFilePath(),
                 {QStringLiteral("--drag"), m_app->path(QStringLiteral("dropped.ipynb"))});
    QTRY_VERIFY_WITH_TIMEOUT(source.canReadLine(), patience);
    const QStringList place =
        QString::fromLatin1(source.readLine()).trimmed().split(QLatin1Char(' '));
    QVERIFY(place.size() == 2);

    const MainWindow &window = m_app->window();
    QVERIFY(XDesktop::drag(QPoint(place.at(0).toInt(), place.at(1).toInt()),
                           window.mapToGlobal(QPoint(window.width() / 2, window.height() / 2))));

    QTRY_VERIFY_WITH_TIMEOUT(source.canReadLine(), patience);
    QCOMPARE(source.readLine().trimmed(), QByteArray("taken"));
    QTRY_VERIFY_WITH_TIMEOUT(window.usableNotebook(), patience);
    QCOMPARE(window.usableNotebook()->title(), QStringLiteral("dropped.ipynb"));
    source.kill();
    source.waitForFinished();
}

} // namespace farcell

// With --drag FILE: the window of another program, which says where it is and what came of a drag.
int main(int argc, char **argv)
{
    if (argc == 3 && QByteArray(argv[1]) == "--drag") {
        const QApplication app(argc, argv);
        farcell::FileSource source(QString::fromLocal8Bit(argv[2]));
        source.move(1380, 60);
        source.show();
        if (!QTest::qWaitForWindowExposed(&source, farcell::patience))
            return 1;
        QTest::qWait(300); // the window manager has placed it
        const QPoint centre = source.mapToGlobal(source.rect().center());
        std::printf("%d %d\n", centre.x(), centre.y());
        std::fflush(stdout);
        return QApplication::exec();
    }
    farcell::test::XDesktop desktop;
    if (!desktop.start() || !farcell::test::Farcelld::hasIpykernel()) {
        std::puts("SKIP   : Xvfb, openbox, xdotool or ipykernel is not here: whole test");
        return 0;
    }
    QApplication app(argc, argv);
    farcell::TestMouse test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_mouse.moc"
