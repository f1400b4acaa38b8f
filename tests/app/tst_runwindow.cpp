#include "app/notebook/deathcard.h"
#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/linknotice.h"
#include "app/notebook/scratchpane.h"
#include "app/panels/queuelist.h"
#include "app/panels/queuepanel.h"
#include "app/panels/sessionlist.h"
#include "app/panels/sessionspanel.h"
#include "app/shell/commandregistry.h"
#include "app/shell/connectbutton.h"
#include "core/client/kernelcontrol.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/farcelld.h"
#include "tests/support/faultproxy.h"
#include "tests/support/sessionbus.h"
#include "tests/support/windowfixture.h"

#include <QDBusContext>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>
#include <QToolButton>

namespace farcell {

using test::WindowFixture;

namespace {

constexpr int patience = 60000;

// The notification service of a desktop, as far as one call goes.
class NotificationDouble : public QObject
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")

public:
    QStringList told; // title, text

public slots:
    // NOLINTNEXTLINE(readability-identifier-naming): as D-Bus names it
    uint Notify(const QString & /*application*/, uint /*replaces*/, const QString & /*icon*/,
                const QString &title, const QString &text, const QStringList & /*actions*/,
                const QVariantMap & /*hints*/, int /*timeout*/)
    {
        told << title << text;
        return uint(told.size());
    }

signals:
    // NOLINTNEXTLINE(readability-identifier-naming): as D-Bus names it
    void ActionInvoked(uint id, const QString &action);
};

} // namespace

// What the window shows and does while a real kernel runs on a real farcelld: the line breaks, the
// app ends, the queue is changed, the kernel dies. Offscreen.
class TestRunWindow : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void init();
    void cleanup();
    void sentencesOfTheLine_data();
    void sentencesOfTheLine();
    void aCutLineIsToldAndMended();
    void aLineThatIsBackIsTakenAtOnce();
    void scratchCellsRunOnTheSameKernel();
    void aKilledAppTakesItsRunUpAgain();
    void aSecondComputerAttachesToTheRun();
    void theQueueIsShownAndChanged();
    void everyKernelIsInTheSessionsPanel();
    void aStubbornCellIsOfferedMore();
    void aDeadKernelIsExplained();
    void aLongRunIsToldOutside();

private:
    NotebookView *open(const QList<QByteArray> &sources);
    Runtime *connectTo(quint16 port) { return m_app->connectTo(port); }
    [[nodiscard]] static QString textOf(const NotebookView &view, int cell);
    static void run(const NotebookView &view, const QList<int> &cells);
    [[nodiscard]] static CellRunState::Phase phase(const NotebookView &view, int cell)
    {
        return view.session().runState(view.document().cellAt(cell).id).phase;
    }

    test::SessionBus m_bus;
    std::unique_ptr<QDBusConnection> m_desktop;
    NotificationDouble m_notifications;
    std::unique_ptr<test::Farcelld> m_server;
    std::unique_ptr<WindowFixture> m_app;
};

void TestRunWindow::initTestCase()
{
    if (!test::Farcelld::hasIpykernel())
        QSKIP("no ipykernel: whole test");
    if (m_bus.start()) {
        m_desktop = std::make_unique<QDBusConnection>(m_bus.connection(QStringLiteral("desktop")));
        m_desktop->registerService(QStringLiteral("org.freedesktop.Notifications"));
        m_desktop->registerObject(
            QStringLiteral("/org/freedesktop/Notifications"), &m_notifications,
            QDBusConnection::ExportAllSlots | QDBusConnection::ExportAllSignals);
    }
}

void TestRunWindow::init()
{
    m_server = std::make_unique<test::Farcelld>();
    QVERIFY(m_server->start());
    m_app = std::make_unique<WindowFixture>();
    m_app->makeWindow();
}

void TestRunWindow::cleanup()
{
    m_app.reset();
    m_server.reset();
}

// A notebook of the server, opened there.
NotebookView *TestRunWindow::open(const QList<QByteArray> &sources)
{
    WindowFixture::write(m_server->root() + QStringLiteral("/n.ipynb"),
                         WindowFixture::notebook(sources));
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), QStringLiteral("n.ipynb"));
    return QTest::qWaitFor([this] { return m_app->window().usableNotebook() != nullptr; }, patience)
               ? m_app->window().usableNotebook()
               : nullptr;
}

QString TestRunWindow::textOf(const NotebookView &view, int cell)
{
    QString text;
    for (const Output &output : view.document().cellAt(cell).outputs.items())
        text += output.text;
    return text;
}

void TestRunWindow::run(const NotebookView &view, const QList<int> &cells)
{
    std::vector<CellId> ids;
    for (const int cell : cells)
        ids.push_back(view.document().cellAt(cell).id);
    view.kernel().run(ids);
}

void TestRunWindow::sentencesOfTheLine_data()
{
    QTest::addColumn<LinkState::Phase>("phase");
    QTest::addColumn<int>("nextIn"); // ms; -1: a try is under way
    QTest::addColumn<QString>("sentence");

    QTest::newRow("connected") << LinkState::Phase::Connected << 0 << QString();
    QTest::newRow("catching up") << LinkState::Phase::CatchingUp << 0 << QString();
    QTest::newRow("waiting") << LinkState::Phase::Reconnecting << 3600
                             << QStringLiteral(
                                    "Reconnecting to gpu-box since 14:03. Next try in 4 s.");
    QTest::newRow("trying") << LinkState::Phase::Reconnecting << -1
                            << QStringLiteral("Reconnecting to gpu-box since 14:03. Trying now.");
    QTest::newRow("offline") << LinkState::Phase::Offline << 12000
                             << QStringLiteral(
                                    "Offline since 14:03: gpu-box does not answer. Your "
                                    "edits are safe, and the run goes on there. Next try "
                                    "in 12 s.");
}

void TestRunWindow::sentencesOfTheLine()
{
    QFETCH(LinkState::Phase, phase);
    QFETCH(int, nextIn);
    QFETCH(QString, sentence);
    const QDateTime now(QDate(2026, 5, 4), QTime(14, 4, 30), Qt::LocalTime);
    LinkState state;
    state.phase = phase;
    state.since = QDateTime(QDate(2026, 5, 4), QTime(14, 3), Qt::LocalTime).toUTC();
    if (nextIn >= 0)
        state.nextTryAt = now.toUTC().addMSecs(nextIn);

    QCOMPARE(LinkNotice::sentence(state, QStringLiteral("gpu-box"), now.toUTC()), sentence);
}

void TestRunWindow::aCutLineIsToldAndMended()
{
    test::FaultProxy line(m_server->port());
    connectTo(line.port());
    NotebookView *view = open({"import time\nfor i in range(40):\n    print(i, flush=True)\n"
                               "    time.sleep(0.1)"});
    QVERIFY(view);
    run(*view, {0});
    QTRY_VERIFY_WITH_TIMEOUT(textOf(*view, 0).contains(QStringLiteral("3\n")), patience);

    line.setRefusing(true);
    QTRY_VERIFY_WITH_TIMEOUT(view->infoBar().message().contains(QStringLiteral("Reconnecting")),
                             patience);
    auto *button = m_app->window().findChild<ConnectButton *>();
    QCOMPARE(button->state(), ConnectButton::State::Reconnecting);
    const QString before = textOf(*view, 0);
    // Editing and saving elsewhere go on.
    view->document().setSource(view->document().cellAt(0).id, QStringLiteral("# edited meanwhile"));
    view->saveAs({m_app->path(QStringLiteral("copy.ipynb")), nullptr});
    QTRY_VERIFY(WindowFixture::read(m_app->path(QStringLiteral("copy.ipynb")))
                    .contains("edited meanwhile"));
    QTest::qWait(2000); // the run goes on there

    line.heal();
    for (QPushButton *choice : view->infoBar().findChildren<QPushButton *>()) {
        if (choice->text() == QStringLiteral("Try now") && choice->isEnabled())
            choice->click();
    }
    QTRY_COMPARE_WITH_TIMEOUT(phase(*view, 0), CellRunState::Phase::Succeeded, patience);
    QVERIFY(view->infoBar().message().isEmpty());
    QVERIFY(textOf(*view, 0).size() > before.size());
    QString expected;
    for (int i = 0; i < 40; ++i)
        expected += QStringLiteral("%1\n").arg(i);
    QCOMPARE(textOf(*view, 0), expected); // nothing lost, nothing twice
}

// Over SSH the forwarding comes back by itself, and says so: nobody waits for the next try.
void TestRunWindow::aLineThatIsBackIsTakenAtOnce()
{
    test::FaultProxy line(m_server->port());
    Runtime *runtime = connectTo(line.port());
    NotebookView *view = open({"print('here')"});
    QVERIFY(view);
    run(*view, {0});
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 0), QStringLiteral("here\n"), patience);

    line.setRefusing(true);
    const auto wait = [view] { // ms until the next try
        const LinkState state = view->kernel().linkState();
        return state.nextTryAt.isValid() ? QDateTime::currentDateTimeUtc().msecsTo(state.nextTryAt)
                                         : 0;
    };
    QTRY_VERIFY_WITH_TIMEOUT(wait() > 5000, patience);
    const QDateTime planned = view->kernel().linkState().nextTryAt;
    line.heal();
    emit runtime->reachable();

    QTRY_COMPARE_WITH_TIMEOUT(view->kernel().linkState().phase, LinkState::Phase::Connected,
                              patience);
    QVERIFY(QDateTime::currentDateTimeUtc() < planned);
}

void TestRunWindow::scratchCellsRunOnTheSameKernel()
{
    connectTo(m_server->port());
    NotebookView *view = open({"x = 6"});
    QVERIFY(view);
    m_app->window().activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&m_app->window()));
    m_app->window().commands().trigger(QStringLiteral("insert.scratch"));
    ScratchPane &scratch = view->scratch();
    QTRY_VERIFY(scratch.isVisible());
    QCOMPARE(&view->focusedList(), &scratch.list());
    const auto scratchText = [&scratch](int cell) {
        QString text;
        for (const Output &output : scratch.document().cellAt(cell).outputs.items())
            text += output.text;
        return text;
    };

    // Before there is a kernel: it is started for it.
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("print(1)"));
    QCOMPARE(scratch.document().cellAt(0).source, QStringLiteral("print(1)"));
    m_app->window().commands().trigger(QStringLiteral("run.cell"));
    QTRY_COMPARE_WITH_TIMEOUT(scratchText(0), QStringLiteral("1\n"), patience);

    run(*view, {0});
    QTRY_COMPARE_WITH_TIMEOUT(phase(*view, 0), CellRunState::Phase::Succeeded, patience);
    scratch.put(QStringLiteral("print(x * 7)"));
    QCOMPARE(scratch.document().cellCount(), 2);
    m_app->window().commands().trigger(QStringLiteral("run.cell"));
    QTRY_COMPARE_WITH_TIMEOUT(scratchText(1), QStringLiteral("42\n"), patience);
    QCOMPARE(view->document().cellCount(), 1); // nothing of it is in the notebook
    QCOMPARE(textOf(*view, 0), QString());

    // Commands for cells mean the scratch cell while the keyboard is in it.
    m_app->window().commands().trigger(QStringLiteral("cell.delete"));
    QCOMPARE(scratch.document().cellCount(), 1);
    QCOMPARE(view->document().cellCount(), 1);
    for (QToolButton *button : scratch.findChildren<QToolButton *>()) {
        if (button->toolTip() == QStringLiteral("Insert into the notebook"))
            button->click();
    }
    QCOMPARE(view->document().cellCount(), 2);
    QCOMPARE(view->document().cellAt(1).source, QStringLiteral("print(1)"));
    QCOMPARE(&view->focusedList(), &view->list());
}

void TestRunWindow::aKilledAppTakesItsRunUpAgain()
{
    connectTo(m_server->port());
    NotebookView *view = open({"import time\nfor i in range(30):\n    print(i, flush=True)\n"
                               "    time.sleep(0.1)",
                               "name = input('Name? ')\nprint('hello', name)"});
    QVERIFY(view);
    run(*view, {0, 1});
    QTRY_VERIFY_WITH_TIMEOUT(textOf(*view, 0).contains(QStringLiteral("3\n")), patience);

    m_app->makeWindow(); // nobody said goodbye
    connectTo(m_server->port());
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), QStringLiteral("n.ipynb"));
    QTRY_VERIFY(m_app->window().usableNotebook());
    view = m_app->window().usableNotebook();

    QString expected;
    for (int i = 0; i < 30; ++i)
        expected += QStringLiteral("%1\n").arg(i);
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 0), expected, patience);
    // The question of input() is there again, and its answer arrives.
    QTRY_COMPARE_WITH_TIMEOUT(phase(*view, 1), CellRunState::Phase::Running, patience);
    QTRY_VERIFY_WITH_TIMEOUT(!view->list().findChildren<QLineEdit *>().isEmpty(), patience);
    view->session().answerInput(QStringLiteral("Ada"));
    QTRY_VERIFY_WITH_TIMEOUT(textOf(*view, 1).contains(QStringLiteral("hello Ada")), patience);
}

void TestRunWindow::aSecondComputerAttachesToTheRun()
{
    connectTo(m_server->port());
    NotebookView *view = open({"import time\nfor i in range(20):\n    print(i, flush=True)\n"
                               "    time.sleep(0.1)",
                               "mine = 'first computer'"});
    QVERIFY(view);
    run(*view, {1, 0});
    QTRY_VERIFY_WITH_TIMEOUT(textOf(*view, 0).contains(QStringLiteral("2\n")), patience);
    const KernelId kernel = view->kernel().connection()->kernelId();

    m_app->useComputer(QStringLiteral("two"));
    m_app->makeWindow();
    connectTo(m_server->port());
    WindowFixture::write(m_app->path(QStringLiteral("n.ipynb")), // its own copy of the file
                         WindowFixture::read(m_server->root() + QStringLiteral("/n.ipynb")));
    m_app->window().openFile(m_app->path(QStringLiteral("n.ipynb")));
    QTRY_VERIFY(m_app->window().usableNotebook());
    view = m_app->window().usableNotebook();
    QTRY_VERIFY_WITH_TIMEOUT(view->infoBar().message().contains(QStringLiteral("n.ipynb")),
                             patience);
    view->infoBar().findChild<QPushButton *>()->click();

    QString expected;
    for (int i = 0; i < 20; ++i)
        expected += QStringLiteral("%1\n").arg(i);
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 0), expected, patience);
    QCOMPARE(view->kernel().connection()->kernelId(), kernel);
}

void TestRunWindow::theQueueIsShownAndChanged()
{
    connectTo(m_server->port());
    NotebookView *view = open({"import time\nwhile not globals().get('go'):\n    time.sleep(0.05)",
                               "print('one')", "print('two')", "print('three')"});
    QVERIFY(view);
    m_app->window().commands().trigger(QStringLiteral("view.queue"));
    auto *list = m_app->window().findChild<QueueList *>();
    run(*view, {0, 1, 2, 3});
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 4, patience);
    // The keeper's queue takes the place of ours, perhaps before it has all of them.
    QTRY_VERIFY_WITH_TIMEOUT(view->kernel().hasQueue(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(list->count() == 4 && list->itemAtRow(0)->isRunning, patience);
    QCOMPARE(list->itemAtRow(1)->code, QStringLiteral("print('one')"));
    QCOMPARE(list->cellNumber(1), 2);

    // Take "one" out, and "three" before "two", as by keyboard.
    list->setCurrentRow(1);
    QTest::keyClick(list, Qt::Key_Delete);
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 3, patience);
    QTRY_COMPARE_WITH_TIMEOUT(phase(*view, 1), CellRunState::Phase::Aborted, patience);
    list->setCurrentRow(2);
    QTest::keyClick(list, Qt::Key_Up, Qt::ControlModifier);
    QTRY_COMPARE_WITH_TIMEOUT(list->itemAtRow(1)->code, QStringLiteral("print('three')"), patience);
    QTRY_COMPARE_WITH_TIMEOUT(view->kernel().queue().items.at(1).code,
                              QStringLiteral("print('three')"), patience);

    view->kernel().interrupt();
    QTRY_VERIFY_WITH_TIMEOUT(list->count() == 0, patience);
}

void TestRunWindow::everyKernelIsInTheSessionsPanel()
{
    connectTo(m_server->port());
    NotebookView *view = open({"import time\ntime.sleep(600)"});
    QVERIFY(view);
    m_server->ask("POST", "/api/kernels", R"({"name": "python3"})"); // somebody else's
    run(*view, {0});
    m_app->window().commands().trigger(QStringLiteral("view.sessions"));
    auto *list = m_app->window().findChild<SessionList *>();
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 3, patience); // with the runtime's heading

    const auto rowOf = [list](const KernelId &kernel) {
        for (int row = 0; row < list->count(); ++row) {
            if (const auto *found = list->rowAt(row); found && found->kernel.id == kernel)
                return row;
        }
        return -1;
    };
    QTRY_VERIFY_WITH_TIMEOUT(view->kernel().connection(), patience);
    const KernelId mine = view->kernel().connection()->kernelId();
    QTRY_VERIFY_WITH_TIMEOUT(rowOf(mine) > 0 &&
                                 list->rowAt(rowOf(mine))->kernel.state == QStringLiteral("busy"),
                             patience);
    const SessionList::Row row = *list->rowAt(rowOf(mine));
    QCOMPARE(row.text, QStringLiteral("n.ipynb"));
    QVERIFY(row.isCurrent);
    QVERIFY(row.kernel.residentBytes > 1'000'000);
    QCOMPARE(row.kernel.clients, 1);

    list->setCurrentRow(rowOf(mine));
    auto *panel = m_app->window().findChild<SessionsPanel *>();
    for (QToolButton *button : panel->findChildren<QToolButton *>()) {
        if (button->toolTip() == QStringLiteral("Interrupt"))
            button->click();
    }
    QTRY_COMPARE_WITH_TIMEOUT(phase(*view, 0), CellRunState::Phase::Interrupted, patience);
    emit panel->shutdownRequested(row.runtime, mine);
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 2, patience);
    QCOMPARE(view->kernel().state(), KernelLink::State::Disconnected);
}

void TestRunWindow::aStubbornCellIsOfferedMore()
{
    connectTo(m_server->port());
    NotebookView *view = open({"import signal, time\n"
                               "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
                               "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                               "print('deaf', flush=True)\nwhile True:\n    time.sleep(0.1)"});
    QVERIFY(view);
    run(*view, {0});
    QTRY_VERIFY_WITH_TIMEOUT(textOf(*view, 0).contains(QStringLiteral("deaf")), patience);
    view->kernel().interrupt();

    const auto choice = [view](const QString &word) -> QPushButton * {
        for (QPushButton *button : view->infoBar().findChildren<QPushButton *>()) {
            if (button->text().startsWith(word))
                return button;
        }
        return nullptr;
    };
    QTRY_VERIFY_WITH_TIMEOUT(choice(QStringLiteral("Terminate")), patience);
    QVERIFY(!choice(QStringLiteral("Terminate"))->isEnabled()); // after the group's turn
    QVERIFY(!choice(QStringLiteral("Kill"))->isEnabled());
    QTRY_VERIFY_WITH_TIMEOUT(choice(QStringLiteral("Terminate"))->isEnabled(), patience);
    choice(QStringLiteral("Terminate"))->click();
    QTRY_VERIFY_WITH_TIMEOUT(choice(QStringLiteral("Kill"))->isEnabled(), patience);
    choice(QStringLiteral("Kill"))->click();

    QTRY_VERIFY_WITH_TIMEOUT(phase(*view, 0) != CellRunState::Phase::Running, patience);
    QTRY_VERIFY_WITH_TIMEOUT(!choice(QStringLiteral("Kill")), patience);
}

void TestRunWindow::aDeadKernelIsExplained()
{
    connectTo(m_server->port());
    NotebookView *view = open(
        {"x = 1", "import os, sys, signal\nprint('last words', file=sys.__stderr__, flush=True)\n"
                  "os.kill(os.getpid(), signal.SIGSEGV)"});
    QVERIFY(view);
    run(*view, {0, 1});

    auto *card = view->findChild<DeathCard *>();
    QTRY_VERIFY_WITH_TIMEOUT(!card->isHidden(), patience);
    QString all;
    for (const QLabel *label : card->findChildren<QLabel *>())
        all += label->text() + QLatin1Char('\n');
    QVERIFY2(all.contains(QStringLiteral("SIGSEGV")), qPrintable(all));
    bool named = false;
    for (const QPushButton *button : card->findChildren<QPushButton *>())
        named = named ||
                (button->isVisibleTo(card) && button->text().contains(QStringLiteral("cell 2")));
    QVERIFY(named);

    for (QPushButton *button : card->findChildren<QPushButton *>()) {
        if (button->text().startsWith(QStringLiteral("Restart")))
            button->click();
    }
    QVERIFY(card->isHidden());
    QTRY_COMPARE_WITH_TIMEOUT(view->kernel().state(), KernelLink::State::Connected, patience);
    view->document().setSource(view->document().cellAt(0).id,
                               QStringLiteral("print('x' in globals())"));
    run(*view, {0});
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 0), QStringLiteral("False\n"), patience);
}

void TestRunWindow::aLongRunIsToldOutside()
{
    if (!m_desktop)
        QSKIP("no dbus-daemon");
    connectTo(m_server->port());
    m_app->settings().setNotifyAfter(1);
    NotebookView *view = open({"import time\ntime.sleep(1.5)", "1/0"});
    QVERIFY(view);
    QWidget other; // takes the front place
    other.show();
    other.activateWindow();
    QTRY_VERIFY(!m_app->window().isActiveWindow());

    run(*view, {0});
    QTRY_COMPARE_WITH_TIMEOUT(m_notifications.told.value(0), QStringLiteral("n.ipynb has finished"),
                              patience);
    m_notifications.told.clear();
    run(*view, {0, 1});
    QTRY_COMPARE_WITH_TIMEOUT(m_notifications.told.value(0), QStringLiteral("n.ipynb has failed"),
                              patience);
    QVERIFY(m_notifications.told.value(1).contains(QStringLiteral("Cell 2")));
    emit m_notifications.ActionInvoked(2, QStringLiteral("default"));
    QTRY_VERIFY(m_app->window().isActiveWindow());
}

} // namespace farcell

QTEST_MAIN(farcell::TestRunWindow)
#include "tst_runwindow.moc"
