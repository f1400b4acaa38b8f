// Floods of output through a real server and ipykernel into a real cell list, document and recovery
// file: how smooth the window stays, how much memory it takes, what arrives, and how soon an
// interrupt is answered. The same through farcelld and through Debian's jupyter-server.
//   bench_flood [MB] [LINES] [UPDATES]     defaults: 100 10000000 20000
// Frames: time between two turns of the event loop, asked for every 4 ms.
#include "app/celllist/celllistview.h"
#include "app/outputs/outputarea.h"
#include "app/recovery/recoveryjournal.h"
#include "app/theme/theme.h"
#include "core/client/kernelconnection.h"
#include "core/client/notebooksession.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/farcelld.h"
#include "tests/support/jupyterserver.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFutureWatcher>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace farcell;

namespace {

// In MB: what only this program holds, and all that is in memory.
double statusMB(const char *key)
{
    QFile file(QStringLiteral("/proc/self/status"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QByteArray text = file.readAll();
    const qsizetype at = text.indexOf(key);
    return text.mid(at + qsizetype(qstrlen(key)), 20).trimmed().split(' ').first().toDouble() /
           1024;
}

template <typename T>
T wait(QFuture<T> future)
{
    QEventLoop loop;
    QFutureWatcher<T> watcher;
    QObject::connect(&watcher, &QFutureWatcherBase::finished, &loop, &QEventLoop::quit);
    watcher.setFuture(future);
    if (!future.isFinished())
        loop.exec();
    return future.result();
}

// A window with one notebook on one kernel.
class App
{
public:
    App(const Endpoint &endpoint, const QString &recovery)
        : m_folds(m_document)
        , m_render(m_theme)
        , m_view(m_document, m_folds, m_theme, m_render)
        , m_journal(m_document, RecoveryStore(recovery))
        , m_client(endpoint)
        , m_session(m_document)
    {
        m_view.resize(1000, 800);
        m_view.show();
        const auto session = wait(m_client.startSession(
            QStringLiteral("flood.ipynb"), QStringLiteral("flood"), QStringLiteral("python3")));
        if (!session)
            qFatal("%s", qPrintable(session.error().message));
        m_kernel = session->kernel.id;
        m_connection = std::unique_ptr<KernelConnection>(
            m_client.connectKernel(m_kernel, QStringLiteral("python3")));
        m_session.setConnection(m_connection.get());
        QObject::connect(&m_tick, &QTimer::timeout, &m_tick, [this] {
            m_gaps.push_back(static_cast<double>(m_since.nsecsElapsed()) / 1e6);
            m_since.restart();
            if (m_gaps.size() % 16 == 0) {
                m_peakAnon = std::max(m_peakAnon, statusMB("RssAnon:"));
                m_peakAll = std::max(m_peakAll, statusMB("VmRSS:"));
            }
        });
        m_tick.setTimerType(Qt::PreciseTimer);
        run(QStringLiteral("import sys, time; print('ready')"), 0);
    }
    ~App()
    {
        m_session.setConnection(nullptr);
        (void)wait(m_client.shutdownKernel(m_kernel));
        m_journal.discard();
    }
    Q_DISABLE_COPY_MOVE(App)

    // Runs `code` in the first cell; with `interruptAfter` ms, interrupts it then. Seconds it took.
    double run(const QString &code, int interruptAfter)
    {
        const CellId id = m_document.cellAt(0).id;
        m_document.setSource(id, code);
        m_view.setCurrentCell(id);
        const double anon = statusMB("RssAnon:");
        const double all = statusMB("VmRSS:");
        m_gaps.clear();
        m_peakAnon = m_peakAll = 0;
        QEventLoop loop;
        QObject::connect(&m_session, &NotebookSession::queueFinished, &loop, &QEventLoop::quit);
        QElapsedTimer clock;
        QElapsedTimer interrupted;
        if (interruptAfter > 0)
            QTimer::singleShot(interruptAfter, &loop, [&] {
                interrupted.start();
                m_client.interruptKernel(m_kernel);
            });
        clock.start();
        m_since.start();
        m_tick.start(4);
        m_session.run(std::span(&id, 1), NotebookSession::OnError::Continue);
        loop.exec();
        const double seconds = static_cast<double>(clock.nsecsElapsed()) / 1e9;
        m_interruptMs = interrupted.isValid() ? interrupted.elapsed() : -1;
        m_tick.stop();
        m_peakAnon -= anon;
        m_peakAll -= all;
        return seconds;
    }

    void report(const char *server, const char *what, double seconds, const QString &arrived)
    {
        std::sort(m_gaps.begin(), m_gaps.end());
        const auto at = [this](double share) {
            return m_gaps.empty() ? 0
                                  : m_gaps[static_cast<size_t>(
                                        share * static_cast<double>(m_gaps.size() - 1))];
        };
        std::printf("%-15s %-16s %6.1f s   frame p50 %5.1f p99 %6.1f max %7.1f ms   memory +%5.0f "
                    "MB own, +%5.0f MB all   %s\n",
                    server, what, seconds, at(0.5), at(0.99), at(1), m_peakAnon, m_peakAll,
                    qPrintable(arrived));
        std::fflush(stdout);
    }

    [[nodiscard]] QString text() const
    {
        QString all;
        for (const Output &output : m_document.cellAt(0).outputs.items())
            if (output.streamName == QLatin1String("stdout"))
                all = all.isEmpty() ? output.text : all + output.text;
        return all;
    }
    [[nodiscard]] const OutputList &outputs() const { return m_document.cellAt(0).outputs; }
    [[nodiscard]] qint64 interruptMs() const { return m_interruptMs; }

private:
    NotebookDocument m_document;
    SectionFolds m_folds;
    ThemeSource m_theme;
    RenderService m_render;
    CellListView m_view;
    RecoveryJournal m_journal;
    RuntimeClient m_client;
    KernelId m_kernel;
    std::unique_ptr<KernelConnection> m_connection;
    NotebookSession m_session;
    QTimer m_tick;
    QElapsedTimer m_since;
    std::vector<double> m_gaps;
    double m_peakAnon = 0, m_peakAll = 0;
    qint64 m_interruptMs = 0;
};

struct Amounts
{
    int megabytes = 100, lines = 10'000'000, updates = 20'000;
};

void measure(const char *server, const Endpoint &endpoint, const Amounts &amounts)
{
    const QTemporaryDir folder;
    App app(endpoint, folder.filePath(QStringLiteral("recovery")));

    // Lines of 100 characters, as fast as the kernel writes them.
    const qint64 wanted = qint64{amounts.megabytes} * 10'000;
    double seconds = app.run(QStringLiteral("block = ('x' * 99 + '\\n') * 10000\n"
                                            "for i in range(%1): sys.stdout.write(block)")
                                 .arg(amounts.megabytes),
                             0);
    qint64 lines = app.text().count(QLatin1Char('\n'));
    app.report(server, "stdout", seconds,
               QStringLiteral("%1 MB/s, %2 lines lost")
                   .arg(amounts.megabytes / seconds, 0, 'f', 0)
                   .arg(wanted - lines));

    seconds = app.run(QStringLiteral("for i in range(0, %1, 1000):\n"
                                     "    sys.stdout.write(''.join(f'{j}\\n' for j in "
                                     "range(i, i + 1000)))")
                          .arg(amounts.lines),
                      0);
    lines = app.text().count(QLatin1Char('\n'));
    app.report(server, "lines", seconds,
               QStringLiteral("%1 of %2 lines lost").arg(amounts.lines - lines).arg(amounts.lines));

    seconds = app.run(QStringLiteral("from IPython.display import display, HTML\n"
                                     "h = display(HTML('0'), display_id=True)\n"
                                     "for i in range(%1): h.update(HTML(f'<b>{i}</b>'))")
                          .arg(amounts.updates),
                      0);
    const bool last = app.outputs().size() > 0 &&
                      app.outputs().items().back().data.find(u"text/html") != nullptr &&
                      app.outputs()
                          .items()
                          .back()
                          .data.find(u"text/html")
                          ->text()
                          .contains(QByteArray::number(amounts.updates - 1));
    app.report(server, "display updates", seconds,
               last ? QStringLiteral("the last one is shown") : QStringLiteral("last one LOST"));

    seconds =
        app.run(QStringLiteral("while True: sys.stdout.write(block); time.sleep(0.01)"), 3000);
    app.report(server, "interrupt", seconds,
               app.interruptMs() < 0
                   ? QStringLiteral("the run ended by itself before")
                   : QStringLiteral("answered after %1 ms").arg(app.interruptMs()));
}

} // namespace

int main(int argc, char **argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM") && qEnvironmentVariableIsEmpty("DISPLAY"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    const QApplication application(argc, argv);
    Amounts amounts;
    if (argc > 1)
        amounts.megabytes = std::atoi(argv[1]);
    if (argc > 2)
        amounts.lines = std::atoi(argv[2]);
    if (argc > 3)
        amounts.updates = std::atoi(argv[3]);
    {
        test::Farcelld server;
        if (!server.start())
            qFatal("farcelld does not start");
        Endpoint endpoint;
        endpoint.url = QUrl(QStringLiteral("http://127.0.0.1:%1/").arg(server.port()));
        endpoint.token = QStringLiteral("test-token");
        measure("farcelld", endpoint, amounts);
    }
    if (!test::JupyterServer::isInstalled())
        return 0;
    test::JupyterServer server;
    if (!server.waitUntilReady())
        qFatal("jupyter-server does not start");
    measure("jupyter-server", server.endpoint(), amounts);
    return 0;
}
