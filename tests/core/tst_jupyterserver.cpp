#include "tests/support/jupyterserver.h"

#include "core/client/embeddedruntime.h"
#include "core/client/kernelconnection.h"
#include "core/client/notebooksession.h"
#include "core/client/runtimeclient.h"
#include "core/notebook/notebookdocument.h"

#include <QSignalSpy>
#include <QTest>

using namespace farcell;
using Phase = CellRunState::Phase;

namespace {

constexpr int patienceMs = 180000; // the thread sanitizer is slow with large bodies

// The value of a future, with the event loop running meanwhile.
template <typename T>
Result<T> await(QFuture<Result<T>> future)
{
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, patienceMs) || !future.isValid())
        return fail(ErrorCode::Timeout, QStringLiteral("the future did not finish"));
    return future.result();
}

QString textOf(const Output &output)
{
    const JsonText *const plain = output.data.find(u"text/plain");
    return plain == nullptr ? QString() : plain->toMultilineString().value_or(QString());
}

} // namespace

// The client against a real server with a real IPython kernel: Debian's, and our own.
class TestJupyterServer : public QObject
{
    Q_OBJECT

public:
    enum class Server
    {
        Jupyter,
        Farcell
    };
    explicit TestJupyterServer(Server kind)
        : m_kind(kind)
    {}

private slots:
    void initTestCase();
    void cleanupTestCase();
    void probeTellsTheServer();
    void probeRefusesAWrongToken();
    void resourcesAreFarcells();
    void specsHaveADefault();
    void filesRoundTrip();
    void runsCells();
    void completesWithCodePoints();
    void asksForInput();
    void interruptStopsTheQueue();
    void restartEndsTheRun();
    void deathEndsTheRun();
    void unknownKernelIsNamed();

private:
    struct Live
    {
        std::unique_ptr<RuntimeClient> client;
        std::unique_ptr<KernelConnection> connection;
        std::unique_ptr<NotebookDocument> document;
        std::unique_ptr<NotebookSession> session;
        RemoteSession remote;

        CellId add(const QString &source)
        {
            return document->insertCell(document->cellCount(), CellKind::Code, source);
        }
        void run(std::initializer_list<CellId> cells) { session->run(std::vector<CellId>(cells)); }
        void waitUntilDone() const { QTRY_VERIFY_WITH_TIMEOUT(!session->isBusy(), patienceMs); }
        const std::vector<Output> &outputs(const CellId &id) const
        {
            return document->findCell(id)->outputs.items();
        }
    };
    Live startLive(const QString &path);

    const Server m_kind;
    std::unique_ptr<test::JupyterServer> m_server;
    std::unique_ptr<EmbeddedRuntime> m_embedded;
    QTemporaryDir m_root, m_state;
    Endpoint m_endpoint;
};

void TestJupyterServer::initTestCase()
{
    if (!test::JupyterServer::isInstalled())
        QSKIP("jupyter-server and its kernel are not installed");
    if (m_kind == Server::Jupyter) {
        m_server = std::make_unique<test::JupyterServer>(QStringLiteral("/some/base/"));
        QVERIFY(m_server->waitUntilReady());
        m_endpoint = m_server->endpoint();
        return;
    }
    qputenv("PATH", QByteArray(FARCELL_BIN_DIR ":") + qgetenv("PATH"));
    if (QStandardPaths::findExecutable(QStringLiteral("farcelld")).isEmpty())
        QSKIP("farcelld is not built");
    EmbeddedRuntime::Options options;
    options.root = m_root.path();
    options.stateDirectory = m_state.path();
    options.ephemeral = true;
    m_embedded = std::make_unique<EmbeddedRuntime>(options);
    const auto endpoint = await(m_embedded->start());
    QVERIFY2(endpoint, endpoint ? "" : qPrintable(endpoint.error().message));
    m_endpoint = *endpoint;
    connect(m_embedded.get(), &EmbeddedRuntime::ended, this,
            [](const QString &why) { qWarning() << why; });
}

void TestJupyterServer::cleanupTestCase()
{
    m_server.reset();
    m_embedded.reset();
}

TestJupyterServer::Live TestJupyterServer::startLive(const QString &path)
{
    Live live;
    live.client = std::make_unique<RuntimeClient>(m_endpoint);
    const auto started = await(live.client->startSession(path, path, QString()));
    if (!started) {
        qWarning() << started.error().message << started.error().detail;
        return live;
    }
    live.remote = *started;
    live.connection.reset(
        live.client->connectKernel(live.remote.kernel.id, live.remote.kernel.name));
    live.document = std::make_unique<NotebookDocument>();
    live.session = std::make_unique<NotebookSession>(*live.document);
    live.session->setConnection(live.connection.get());
    return live;
}

void TestJupyterServer::probeTellsTheServer()
{
    RuntimeClient client(m_endpoint);

    const auto info = await(client.probe());

    QVERIFY2(info, info ? "" : qPrintable(info.error().message));
    QCOMPARE(info->isFarcell, m_kind == Server::Farcell);
    QVERIFY2(info->name.startsWith(m_kind == Server::Farcell ? QLatin1String("Farcell ")
                                                             : QLatin1String("Jupyter Server ")),
             qPrintable(info->name));
}

void TestJupyterServer::probeRefusesAWrongToken()
{
    Endpoint endpoint = m_endpoint;
    endpoint.token = QStringLiteral("wrong");
    RuntimeClient client(endpoint);

    const auto info = await(client.probe());

    QVERIFY(!info);
    QCOMPARE(info.error().code, ErrorCode::Denied);
    QVERIFY(info.error().message.contains(QLatin1String("does not accept this token")));
}

void TestJupyterServer::resourcesAreFarcells()
{
    RuntimeClient client(m_endpoint);

    const auto resources = await(client.resources());

    QCOMPARE(resources.has_value(), m_kind == Server::Farcell);
    if (!resources) {
        QCOMPARE(resources.error().code, ErrorCode::NotFound);
        return;
    }
    QVERIFY(resources->memoryTotal > resources->memoryUsed);
    QVERIFY(resources->diskTotal >= resources->diskUsed);
    QVERIFY(resources->cpuCount > 0);
}

void TestJupyterServer::specsHaveADefault()
{
    RuntimeClient client(m_endpoint);

    const auto specs = await(client.kernelSpecs());

    QVERIFY(specs);
    QCOMPARE(specs->defaultName, QStringLiteral("python3"));
}

void TestJupyterServer::filesRoundTrip()
{
    RuntimeClient client(m_endpoint);
    const QString odd = QStringLiteral("a b+c%25 # ü?.ipynb");
    const QByteArray bytes = "{\"cells\": [],\r\n \"x\": \xc3\xa9}\n";

    const auto written = await(client.writeFile(odd, bytes));
    QVERIFY2(written, written ? "" : qPrintable(written.error().message));
    QCOMPARE(written->path, odd);
    const auto read = await(client.readFile(odd));
    QVERIFY2(read, read ? "" : qPrintable(read.error().message));
    QCOMPARE(*read, bytes);

    QVERIFY(await(client.makeDirectory(QStringLiteral("folder"))));
    QVERIFY(await(client.renameFile(odd, QStringLiteral("folder/plain.ipynb"))));
    const auto list = await(client.listDirectory(QStringLiteral("folder")));
    QVERIFY(list);
    QCOMPARE(list->size(), 1);
    QCOMPARE(list->first().type, ContentsEntry::Type::Notebook);
    QCOMPARE(list->first().size, bytes.size());
    QVERIFY(await(client.deleteFile(QStringLiteral("folder/plain.ipynb"))));
    const auto gone = await(client.readFile(QStringLiteral("folder/plain.ipynb")));
    QVERIFY(!gone);
    QCOMPARE(gone.error().code, ErrorCode::NotFound);

    const QByteArray large(30 << 20, 'x');
    const auto chunked = await(client.writeFile(QStringLiteral("large.bin"), large));
    QVERIFY2(chunked, chunked ? "" : qPrintable(chunked.error().message));
    QCOMPARE(chunked->size, large.size());
}

void TestJupyterServer::runsCells()
{
    Live live = startLive(QStringLiteral("runs.ipynb"));
    QVERIFY(live.session);
    const CellId streams = live.add(QStringLiteral(
        "import sys\nfor i in range(3): print(i)\nprint('e', file=sys.stderr)\n1/3"));
    const CellId display = live.add(
        QStringLiteral("from IPython.display import display, clear_output\n"
                       "h = display({'text/plain': 'old'}, raw=True, display_id=True)\n"
                       "print('gone'); clear_output(wait=True)\n"
                       "h2 = display({'text/plain': 'first'}, raw=True, display_id='fixed')"));
    const CellId update = live.add(QStringLiteral(
        "h2.update({'text/plain': 'second', 'application/json': {'n': 1.50}}, raw=True)"));
    const CellId fails = live.add(QStringLiteral("raise ValueError('no')"));
    const CellId never = live.add(QStringLiteral("print('never')"));
    QSignalSpy finished(live.session.get(), &NotebookSession::queueFinished);

    live.run({streams, display, update, fails, never});
    QCOMPARE(live.session->queueLength() + (live.session->runningCell().isEmpty() ? 0 : 1), 5);
    live.waitUntilDone();

    QCOMPARE(finished.size(), 1);
    QCOMPARE(finished.first().first().toBool(), false);
    QCOMPARE(live.outputs(streams).size(), size_t{3});
    QCOMPARE(live.outputs(streams)[0].text, QStringLiteral("0\n1\n2\n"));
    QCOMPARE(live.outputs(streams)[1].streamName, QStringLiteral("stderr"));
    QCOMPARE(textOf(live.outputs(streams)[2]), QStringLiteral("0.3333333333333333"));
    QCOMPARE(live.document->findCell(streams)->executionCount, std::optional<int>(1));
    QCOMPARE(live.outputs(display).size(), size_t{1});
    QCOMPARE(textOf(live.outputs(display)[0]), QStringLiteral("second"));
    QCOMPARE(live.outputs(display)[0].data.find(u"application/json")->text(),
             QByteArray("{\"n\":1.5}").replace(':', ": "));
    QVERIFY(live.outputs(update).empty());
    QCOMPARE(live.outputs(fails).size(), size_t{1});
    QCOMPARE(live.outputs(fails)[0].errorName, QStringLiteral("ValueError"));
    QCOMPARE(live.session->runState(fails).phase, Phase::Failed);
    QCOMPARE(live.session->runState(never).phase, Phase::Aborted);
    QVERIFY(live.outputs(never).empty());
    QCOMPARE(live.connection->info().languageName, QStringLiteral("python"));
}

void TestJupyterServer::completesWithCodePoints()
{
    Live live = startLive(QStringLiteral("completes.ipynb"));
    QVERIFY(live.session);

    const auto reply = await(live.connection->complete(QStringLiteral("'😀'.isal"), 9));

    QVERIFY2(reply, reply ? "" : qPrintable(reply.error().message));
    QStringList texts;
    for (const auto &match : reply->matches)
        texts << match.text;
    QVERIFY2(texts.join(u' ').contains(QLatin1String("isalnum")), qPrintable(texts.join(u' ')));
    QCOMPARE(reply->start, 5);
    QCOMPARE(reply->end, 9);

    const auto found = await(live.connection->inspect(QStringLiteral("print"), 5, 0));
    QVERIFY(found);
    QVERIFY(found->found);
    QVERIFY(found->plainText.contains(QLatin1String("print")));
}

void TestJupyterServer::asksForInput()
{
    Live live = startLive(QStringLiteral("input.ipynb"));
    QVERIFY(live.session);
    QSignalSpy asked(live.session.get(), &NotebookSession::inputRequested);
    QSignalSpy ended(live.session.get(), &NotebookSession::inputEnded);
    const CellId cell = live.add(QStringLiteral("print('hello ' + input('name? '))"));

    live.run({cell});
    QTRY_COMPARE_WITH_TIMEOUT(asked.size(), 1, patienceMs);
    live.session->answerInput(QStringLiteral("Zoë"));
    live.waitUntilDone();

    QCOMPARE(asked.first().at(1).toString(), QStringLiteral("name? "));
    QCOMPARE(ended.size(), 1);
    QCOMPARE(live.outputs(cell)[0].text, QStringLiteral("name? Zoë\n"));
    QCOMPARE(live.outputs(cell)[1].text, QStringLiteral("hello Zoë\n"));
}

void TestJupyterServer::interruptStopsTheQueue()
{
    Live live = startLive(QStringLiteral("interrupt.ipynb"));
    QVERIFY(live.session);
    const CellId sleeps = live.add(QStringLiteral("import time\nprint('in')\ntime.sleep(60)"));
    const CellId next = live.add(QStringLiteral("1"));

    live.run({sleeps, next});
    QTRY_VERIFY_WITH_TIMEOUT(!live.outputs(sleeps).empty(), patienceMs);
    QVERIFY(await(live.client->interruptKernel(live.remote.kernel.id)));
    live.waitUntilDone();

    QCOMPARE(live.session->runState(sleeps).phase, Phase::Interrupted);
    QCOMPARE(live.session->runState(next).phase, Phase::Aborted);
}

void TestJupyterServer::restartEndsTheRun()
{
    Live live = startLive(QStringLiteral("restart.ipynb"));
    QVERIFY(live.session);
    const CellId sleeps = live.add(QStringLiteral("import time\nprint('in')\ntime.sleep(60)"));
    live.run({sleeps});
    QTRY_VERIFY_WITH_TIMEOUT(!live.outputs(sleeps).empty(), patienceMs);

    QVERIFY(await(live.client->restartKernel(live.remote.kernel.id)));
    live.session->reset();
    const CellId after = live.add(QStringLiteral("40 + 2"));
    live.run({after});
    live.waitUntilDone();

    QCOMPARE(live.session->runState(after).phase, Phase::Succeeded);
    QCOMPARE(live.outputs(after).size(), size_t{1});
    QCOMPARE(textOf(live.outputs(after)[0]), QStringLiteral("42"));
    QCOMPARE(live.document->findCell(after)->executionCount, std::optional<int>(1));
}

void TestJupyterServer::deathEndsTheRun()
{
    Live live = startLive(QStringLiteral("death.ipynb"));
    QVERIFY(live.session);
    const CellId dies = live.add(QStringLiteral("import os\nos._exit(3)"));
    const CellId next = live.add(QStringLiteral("1"));

    live.run({dies, next});
    live.waitUntilDone();

    QCOMPARE(live.session->runState(dies).phase, Phase::Failed);
    QCOMPARE(live.session->runState(next).phase, Phase::Aborted);
}

void TestJupyterServer::unknownKernelIsNamed()
{
    RuntimeClient client(m_endpoint);

    const auto session = await(client.startSession(QStringLiteral("x.ipynb"), QString(),
                                                   QStringLiteral("no-such-kernel")));

    QVERIFY(!session);
    QCOMPARE(session.error().code, ErrorCode::NotFound);
    QVERIFY2(session.error().message.contains(QLatin1String("no-such-kernel")),
             qPrintable(session.error().message));
}

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    int failures = 0;
    for (const auto kind :
         {TestJupyterServer::Server::Jupyter, TestJupyterServer::Server::Farcell}) {
        TestJupyterServer test(kind);
        failures += QTest::qExec(&test, argc, argv);
    }
    return failures;
}
#include "tst_jupyterserver.moc"
