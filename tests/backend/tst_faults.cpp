#include "core/client/attachmentstore.h"
#include "core/client/kernelconnection.h"
#include "core/client/notebooksession.h"
#include "core/client/runtimeclient.h"
#include "core/nbformat/notebookfile.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/channelclient.h"
#include "tests/support/farcelld.h"
#include "tests/support/fastkernelspec.h"
#include "tests/support/faultproxy.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

#include <memory>
#include <random>
#include <vector>

using namespace farcell;
using farcell::test::Farcelld;
using farcell::test::FaultProxy;
using Phase = CellRunState::Phase;

namespace {

constexpr int patienceMs = 90'000;

// A person's computer: a notebook file, a state folder, and the app's core on them. Killing it
// takes everything that is not on its disk.
class Computer
{
public:
    Computer(quint16 port, KernelId kernel)
        : m_port(port)
        , m_kernel(std::move(kernel))
    {}

    // Opens the notebook, and takes up its run: from the state folder, or from the very start.
    void open(const QByteArray &notebook)
    {
        m_saved = notebook;
        document = std::make_unique<NotebookDocument>();
        document->setContent(*readNotebook(notebook));
        store = std::make_unique<AttachmentStore>(m_state.filePath(QStringLiteral("a.json")));
        const Endpoint endpoint{QUrl(QStringLiteral("http://127.0.0.1:%1/").arg(m_port)),
                                QStringLiteral("test-token")};
        client = std::make_unique<RuntimeClient>(endpoint);
        const QString path = QStringLiteral("/n.ipynb");
        const auto known = store->find(path);
        Attachment base{path, endpoint.url, m_kernel, QStringLiteral("fast"), {}, {}, 0, {}};
        const ConnectOptions options{known ? known->session : QString(), known ? known->since : 0};
        connection.reset(client->connectKernel(m_kernel, QStringLiteral("fast"), options));
        session = std::make_unique<NotebookSession>(*document);
        session->setConnection(connection.get());
        session->remember(store.get(), known.value_or(base));
        if (known)
            session->resume(*known);
    }
    void save()
    {
        m_saved = writeNotebook(document->content());
        session->notebookSaved();
    }
    void kill()
    {
        session->setConnection(nullptr); // tells nobody anything
        session.reset();
        connection.reset();
        client.reset();
        store.reset();
        document.reset();
    }
    [[nodiscard]] const QByteArray &saved() const { return m_saved; }
    [[nodiscard]] bool isUp() const
    {
        return connection->linkState().phase == LinkState::Phase::Connected;
    }

    std::unique_ptr<NotebookDocument> document;
    std::unique_ptr<AttachmentStore> store;
    std::unique_ptr<RuntimeClient> client;
    std::unique_ptr<KernelConnection> connection;
    std::unique_ptr<NotebookSession> session;

private:
    quint16 m_port;
    KernelId m_kernel;
    QTemporaryDir m_state;
    QByteArray m_saved;
};

QByteArray notebookOf(const QStringList &sources)
{
    nlohmann::json cells = nlohmann::json::array();
    for (int i = 0; i < sources.size(); ++i)
        cells.push_back({{"cell_type", "code"},
                         {"execution_count", nullptr},
                         {"id", "cell-" + std::to_string(i)},
                         {"metadata", nlohmann::json::object()},
                         {"outputs", nlohmann::json::array()},
                         {"source", sources[i].toStdString()}});
    const nlohmann::json notebook{{"cells", cells},
                                  {"metadata", nlohmann::json::object()},
                                  {"nbformat", 4},
                                  {"nbformat_minor", 5}};
    return QByteArray::fromStdString(notebook.dump(1)) + '\n';
}

QString textOf(const Cell &cell)
{
    QString text;
    for (const Output &output : cell.outputs.items())
        text += output.text;
    return text;
}

struct Tally
{
    qint64 lines = 0, lost = 0, doubled = 0;
};

// Lines must be numbered from 0 to `count` - 1.
void check(const QString &text, int count, Tally &tally)
{
    std::vector<int> seen(size_t(count), 0);
    const auto lines = QStringView(text).split(u'\n', Qt::SkipEmptyParts);
    int last = -1;
    for (const QStringView line : lines) {
        const int number = line.left(line.indexOf(u' ')).toInt();
        if (number < 0 || number >= count || number < last)
            ++tally.doubled; // out of order counts as well
        else
            ++seen[size_t(number)];
        last = number;
    }
    for (const int times : seen) {
        tally.lost += times == 0 ? 1 : 0;
        tally.doubled += times > 1 ? times - 1 : 0;
    }
    tally.lines += lines.size();
}

int numberFrom(const char *variable, int fallback)
{
    bool isNumber = false;
    const int number = qEnvironmentVariableIntValue(variable, &isNumber);
    return isNumber ? number : fallback;
}

} // namespace

// Cuts everything that can be cut, at random points, while cells run. Real processes: farcelld,
// keeper, kernel. FARCELL_FAULTS and FARCELL_FAULT_SEED make it longer and different.
class TestFaults : public QObject
{
    Q_OBJECT

private slots:
    void randomCuts();
    void requestInAHole_data();
    void requestInAHole();
    void promptIsRestored();
    void neverArrivedIsTold();
    void pythonKeepsItsVariables();
    void silentLineIsFound();

private:
    enum class Fault
    {
        Cut,
        CutClient,
        CutServer,
        Stall,
        SwallowRequests,
        SwallowOutputs,
        Down,
        KillServer,
        KillApp,
        NewComputer
    };
    KernelId start(const QByteArray &kernel = "fast");
    void inject(Fault fault, std::unique_ptr<Computer> &computer);

    test::FastKernelSpec m_specs{QStringLiteral(FASTKERNEL)};
    std::unique_ptr<Farcelld> m_server;
    std::unique_ptr<FaultProxy> m_proxy;
    KernelId m_kernel;
    std::mt19937 m_random;

    int below(int limit) { return int(m_random() % unsigned(limit)); }
};

KernelId TestFaults::start(const QByteArray &kernel)
{
    m_server = std::make_unique<Farcelld>();
    if (!m_server->start())
        return {};
    const nlohmann::json model =
        m_server->json("POST", "/api/kernels", R"({"name": ")" + kernel + "\"}");
    m_kernel = KernelId(QString::fromStdString(model.value("id", std::string())));
    m_proxy = std::make_unique<FaultProxy>(m_server->port());
    return m_kernel;
}

void TestFaults::inject(Fault fault, std::unique_ptr<Computer> &computer)
{
    switch (fault) {
    case Fault::Cut:
        m_proxy->cut();
        break;
    case Fault::CutClient:
        m_proxy->cutClient();
        break;
    case Fault::CutServer:
        m_proxy->cutServer();
        QTest::qWait(below(40));
        m_proxy->cut();
        break;
    case Fault::Stall:
        m_proxy->setStalled(true);
        QTest::qWait(below(200));
        m_proxy->setStalled(false);
        break;
    case Fault::SwallowRequests:
    case Fault::SwallowOutputs:
        m_proxy->swallow(fault == Fault::SwallowRequests, fault == Fault::SwallowOutputs);
        QTest::qWait(below(60));
        m_proxy->cut();
        m_proxy->heal();
        break;
    case Fault::Down:
        m_proxy->setRefusing(true);
        QTest::qWait(below(300));
        m_proxy->heal();
        break;
    case Fault::KillServer: {
        const quint16 port = m_server->port();
        m_server->kill();
        QTest::qWait(below(100));
        QVERIFY(m_server->start({QStringLiteral("--no-prewarm")}, port));
        break;
    }
    case Fault::KillApp: {
        const QByteArray notebook = computer->saved();
        computer->kill();
        QTest::qWait(below(100));
        computer->open(notebook);
        break;
    }
    case Fault::NewComputer: {
        const QByteArray notebook = computer->saved();
        computer->kill();
        computer = std::make_unique<Computer>(m_proxy->port(), m_kernel);
        computer->open(notebook);
        break;
    }
    }
}

void TestFaults::randomCuts()
{
    const int faults = numberFrom("FARCELL_FAULTS", 200);
    const int seed = numberFrom("FARCELL_FAULT_SEED", 20260);
    constexpr int lines = 1500;
    m_random.seed(unsigned(seed));
    const int cells = std::max(20, faults * 2 / 5);
    QVERIFY(!start().isEmpty());
    const QString source = QStringLiteral("burst %1 140").arg(lines);
    auto computer = std::make_unique<Computer>(m_proxy->port(), m_kernel);
    computer->open(notebookOf(QStringList(cells, source)));
    // Somebody who is connected and does not read must not matter.
    test::ChannelClient slow(m_server->port(), m_kernel.toString().toLatin1(), true,
                             QStringLiteral("slow"));
    slow.socket().setReadBufferSize(1);

    QElapsedTimer clock;
    clock.start();
    int next = 0;
    int done = 0;
    int apps = 0;
    while (done < faults || next < cells) {
        const bool isIdle = !computer->session->isBusy();
        if (next < cells && (isIdle || below(4) == 0)) {
            std::vector<CellId> wanted;
            for (int i = 1 + below(3); i > 0 && next < cells; --i)
                wanted.push_back(computer->document->cellAt(next++).id);
            computer->session->run(wanted);
        } else if (next >= cells && isIdle && done >= faults) {
            break;
        }
        if (below(3) != 0)
            QTest::qWait(below(120));
        if (done < faults) {
            const int dice = below(100);
            const Fault fault = dice < 30   ? Fault::Cut
                                : dice < 40 ? Fault::CutClient
                                : dice < 50 ? Fault::CutServer
                                : dice < 60 ? Fault::Stall
                                : dice < 68 ? Fault::SwallowRequests
                                : dice < 76 ? Fault::SwallowOutputs
                                : dice < 82 ? Fault::Down
                                : dice < 92 ? Fault::KillServer
                                : dice < 99 ? Fault::KillApp
                                            : Fault::NewComputer;
            // A killed app may take requests along that had not left it.
            if (fault >= Fault::KillApp) {
                QTRY_VERIFY_WITH_TIMEOUT(computer->isUp(), patienceMs);
                QTest::qWait(100);
                computer->save();
                ++apps;
            }
            inject(fault, computer);
            ++done;
        }
        if (below(3) != 0)
            computer->connection->reconnectNow();
        if (below(3) == 0)
            QTRY_VERIFY_WITH_TIMEOUT(computer->isUp(), patienceMs);
    }
    QTRY_VERIFY_WITH_TIMEOUT(computer->isUp() && !computer->session->isBusy(), patienceMs);
    // What was swallowed on the way to the server just before its app was killed never arrived; the
    // person sees that it has not run (neverArrivedIsTold) and runs it.
    std::vector<CellId> neverArrived;
    for (int i = 0; i < cells; ++i) {
        if (!computer->document->cellAt(i).executionCount)
            neverArrived.push_back(computer->document->cellAt(i).id);
    }
    computer->session->run(neverArrived);
    QTRY_VERIFY_WITH_TIMEOUT(!computer->session->isBusy(), patienceMs);
    const qint64 elapsed = clock.elapsed();

    Tally tally;
    int notRun = 0;
    int longest = 0;
    for (int i = 0; i < cells; ++i) {
        const Cell &cell = computer->document->cellAt(i);
        if (!cell.executionCount) {
            ++notRun;
            continue;
        }
        longest = std::max(longest, *cell.executionCount);
        check(textOf(cell), lines, tally);
    }
    const int runs = longest - (cells - notRun);
    qInfo("seed %d: %d faults in %.1f s (%d starts of the app), %d cells, %lld lines: lost %lld, "
          "doubled %lld, cells run twice %d, cells not run %d, run again %d",
          seed, done, double(elapsed) / 1000, apps, cells, qlonglong(tally.lines),
          qlonglong(tally.lost), qlonglong(tally.doubled), runs, notRun, int(neverArrived.size()));
    QCOMPARE(tally.lost, qint64(0));
    QCOMPARE(tally.doubled, qint64(0));
    QCOMPARE(runs, 0);
    QCOMPARE(notRun, 0);
    slow.socket().setReadBufferSize(0);
}

void TestFaults::requestInAHole_data()
{
    QTest::addColumn<bool>("arrives");

    QTest::newRow("the request is lost") << false;
    QTest::newRow("only its answers are lost") << true;
}

void TestFaults::requestInAHole()
{
    QFETCH(bool, arrives);
    QVERIFY(!start().isEmpty());
    Computer computer(m_proxy->port(), m_kernel);
    computer.open(notebookOf({QStringLiteral("echo hello"), QStringLiteral("echo after")}));
    QTRY_VERIFY_WITH_TIMEOUT(computer.connection->isDurable() && computer.isUp(), patienceMs);
    const CellId first = computer.document->cellAt(0).id;
    const CellId second = computer.document->cellAt(1).id;

    m_proxy->swallow(!arrives, true);
    computer.session->run({{first}});
    QTest::qWait(300);
    m_proxy->cut();
    m_proxy->heal();
    QTRY_COMPARE_WITH_TIMEOUT(computer.session->runState(first).phase, Phase::Succeeded,
                              patienceMs);
    computer.session->run({{second}});
    QTRY_COMPARE_WITH_TIMEOUT(computer.session->runState(second).phase, Phase::Succeeded,
                              patienceMs);

    QCOMPARE(textOf(computer.document->cellAt(0)), QStringLiteral("hello\n"));
    QCOMPARE(computer.document->cellAt(1).executionCount, std::optional<int>(2));
}

void TestFaults::promptIsRestored()
{
    QVERIFY(!start().isEmpty());
    Computer computer(m_proxy->port(), m_kernel);
    computer.open(notebookOf({QStringLiteral("input name?")}));
    QTRY_VERIFY_WITH_TIMEOUT(computer.connection->isDurable() && computer.isUp(), patienceMs);
    const CellId cell = computer.document->cellAt(0).id;
    QSignalSpy asked(computer.session.get(), &NotebookSession::inputRequested);
    computer.session->run({{cell}});
    QTRY_COMPARE_WITH_TIMEOUT(asked.size(), 1, patienceMs);

    // The answer gets lost with the line: it is given once, and arrives once.
    m_proxy->swallow(true, true);
    computer.session->answerInput(QStringLiteral("Ada"));
    QTest::qWait(100);
    m_proxy->cut();
    m_proxy->heal();
    QTRY_COMPARE_WITH_TIMEOUT(computer.session->runState(cell).phase, Phase::Succeeded, patienceMs);
    QVERIFY(textOf(computer.document->cellAt(0)).endsWith(QStringLiteral("Ada\n")));

    // The app is killed while it asks: the next one asks again.
    computer.session->run({{cell}});
    QTRY_COMPARE_WITH_TIMEOUT(asked.size(), 2, patienceMs);
    computer.kill();
    computer.open(computer.saved());
    QSignalSpy askedAgain(computer.session.get(), &NotebookSession::inputRequested);
    QTRY_COMPARE_WITH_TIMEOUT(askedAgain.size(), 1, patienceMs);
    const CellId same = computer.document->cellAt(0).id;
    computer.session->answerInput(QStringLiteral("Bob"));
    QTRY_COMPARE_WITH_TIMEOUT(computer.session->runState(same).phase, Phase::Succeeded, patienceMs);
    QVERIFY(textOf(computer.document->cellAt(0)).endsWith(QStringLiteral("Bob\n")));
}

void TestFaults::neverArrivedIsTold()
{
    QVERIFY(!start().isEmpty());
    Computer computer(m_proxy->port(), m_kernel);
    computer.open(notebookOf({QStringLiteral("echo x")}));
    QTRY_VERIFY_WITH_TIMEOUT(computer.connection->isDurable() && computer.isUp(), patienceMs);

    m_proxy->swallow(true, true);
    computer.session->run({{computer.document->cellAt(0).id}});
    QTest::qWait(100);
    computer.kill();
    m_proxy->cut();
    m_proxy->heal();
    computer.open(computer.saved());

    const CellId cell = computer.document->cellAt(0).id;
    QCOMPARE(computer.session->runState(cell).phase, Phase::Queued);
    QTRY_COMPARE_WITH_TIMEOUT(computer.session->runState(cell).phase, Phase::Aborted, patienceMs);
    QVERIFY(!computer.document->cellAt(0).executionCount);
}

void TestFaults::pythonKeepsItsVariables()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed");
    m_random.seed(7);
    QVERIFY(!start("python3").isEmpty());
    auto computer = std::make_unique<Computer>(m_proxy->port(), m_kernel);
    const QString run = QStringLiteral("x = globals().get('x', 0) + 1\n"
                                       "for i in range(400):\n"
                                       "    print(i, x, flush=True)\n"
                                       "import os, time\n"
                                       "time.sleep(0.1)\n"
                                       "pid = globals().get('pid', os.getpid())");
    QStringList sources(6, run);
    sources << QStringLiteral("print(x, pid == os.getpid())");
    computer->open(notebookOf(sources));
    for (int i = 0; i < 6; ++i) {
        computer->session->run({{computer->document->cellAt(i).id}});
        for (const Fault fault : {Fault::Cut, Fault::SwallowOutputs, Fault::KillServer}) {
            QTest::qWait(below(60));
            inject(fault, computer);
            computer->connection->reconnectNow();
        }
        if (i % 2 == 1) {
            QTRY_VERIFY_WITH_TIMEOUT(computer->isUp(), patienceMs);
            inject(i == 3 ? Fault::NewComputer : Fault::KillApp, computer);
        }
        QTRY_VERIFY_WITH_TIMEOUT(computer->isUp() && !computer->session->isBusy(), patienceMs);
    }
    const CellId last = computer->document->cellAt(6).id;
    computer->session->run({{last}});
    QTRY_COMPARE_WITH_TIMEOUT(computer->session->runState(last).phase, Phase::Succeeded,
                              patienceMs);

    QCOMPARE(textOf(computer->document->cellAt(6)), QStringLiteral("6 True\n"));
    Tally tally;
    for (int i = 0; i < 6; ++i)
        check(textOf(computer->document->cellAt(i)), 400, tally);
    QCOMPARE(tally.lost, qint64(0));
    QCOMPARE(tally.doubled, qint64(0));
}

// Half a connection, of which nobody told us: the pings find out.
void TestFaults::silentLineIsFound()
{
    QVERIFY(!start().isEmpty());
    Computer computer(m_proxy->port(), m_kernel);
    computer.open(notebookOf({QStringLiteral("echo x")}));
    QTRY_VERIFY_WITH_TIMEOUT(computer.connection->isDurable() && computer.isUp(), patienceMs);

    m_proxy->swallow(true, true);
    QTRY_VERIFY_WITH_TIMEOUT(!computer.isUp(), patienceMs);
    QCOMPARE(computer.connection->linkState().phase, LinkState::Phase::Reconnecting);
    QVERIFY(computer.connection->linkState().since.isValid());
    m_proxy->heal();
    computer.connection->reconnectNow();
    QTRY_VERIFY_WITH_TIMEOUT(computer.isUp(), patienceMs);
}

QTEST_GUILESS_MAIN(TestFaults)
#include "tst_faults.moc"
