// Floods of output through a real server and ipykernel into a real cell list, document and recovery
// file: how smooth the window stays, how much memory it takes, what arrives, and how soon an
// interrupt is answered. The same through farcelld and through Debian's jupyter-server.
//   bench_flood [MB] [LINES] [UPDATES] [REPEATS]     defaults: 100 10000000 20000 1
// Frames: time between two turns of the event loop, asked for every 4 ms. Interrupt: from the click
// until the cell shows that it is over; of that, until the kernel itself wrote that it is (its own
// clock). Of several repeats each figure is the median. FARCELL_FLOOD=farcelld or jupyter-server
// takes only that one.
// Caught up (farcelld): the line is cut while the cell prints and comes back when it is done; from
// then until the cell shows all of it. Beside it the time to read the same journal from its files.
#include "tests/bench/floodapp.h"
#include "tests/support/farcelld.h"
#include "tests/support/faultproxy.h"
#include "tests/support/jupyterserver.h"

#include <QDir>
#include <QDirIterator>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdlib>

using namespace farcell;
using farcell::test::App;
using farcell::test::Rows;

namespace {

struct Amounts
{
    int megabytes = 100, lines = 10'000'000, updates = 20'000, repeats = 1;
};

void measureOnce(Rows &rows, const Endpoint &endpoint, const Amounts &amounts)
{
    const QTemporaryDir folder;
    App app(endpoint, folder.filePath(QStringLiteral("recovery")));

    // Lines of 100 characters, as fast as the kernel writes them.
    const qint64 wanted = qint64{amounts.megabytes} * 10'000;
    double seconds = app.run(QStringLiteral("block = ('x' * 99 + '\\n') * 10000\n"
                                            "for i in range(%1): sys.stdout.write(block)")
                                 .arg(amounts.megabytes),
                             0);
    app.report(rows, "stdout", seconds, "lines lost",
               static_cast<double>(wanted - app.text().count(QLatin1Char('\n'))));

    seconds = app.run(QStringLiteral("for i in range(0, %1, 1000):\n"
                                     "    sys.stdout.write(''.join(f'{j}\\n' for j in "
                                     "range(i, i + 1000)))")
                          .arg(amounts.lines),
                      0);
    app.report(rows, "lines", seconds, "lines lost",
               static_cast<double>(amounts.lines - app.text().count(QLatin1Char('\n'))));
    app.openAndFind(rows, QString::number(amounts.lines - 1));

    seconds = app.run(QStringLiteral("from IPython.display import display, HTML\n"
                                     "h = display(HTML('0'), display_id=True)\n"
                                     "for i in range(%1): h.update(HTML(f'<b>{i}</b>'))")
                          .arg(amounts.updates),
                      0);
    const bool isLast = app.outputs().size() > 0 &&
                        app.outputs().items().back().data.find(u"text/html") != nullptr &&
                        app.outputs()
                            .items()
                            .back()
                            .data.find(u"text/html")
                            ->text()
                            .contains(QByteArray::number(amounts.updates - 1));
    app.report(rows, "display updates", seconds, "last one lost", isLast ? 0 : 1);

    seconds =
        app.run(QStringLiteral("while True: sys.stdout.write(block); time.sleep(0.01)"), 3000);
    app.report(rows, "interrupt, 100 MB/s", seconds, "answered after ms",
               static_cast<double>(app.interruptMs()));
    rows.add("  by the kernel",
             {{"after ms", static_cast<double>(app.kernelMs())},
              {"shown ms later", static_cast<double>(app.interruptMs() - app.kernelMs())}});
    seconds = app.run(QStringLiteral("while True: print('x' * 99)"), 3000);
    app.report(rows, "interrupt, print()", seconds, "answered after ms",
               static_cast<double>(app.interruptMs()));
    rows.add("  by the kernel then",
             {{"after ms", static_cast<double>(app.kernelMs())},
              {"shown ms later", static_cast<double>(app.interruptMs() - app.kernelMs())}});
}

double secondsToRead(const QString &directory)
{
    QElapsedTimer clock;
    clock.start();
    QDirIterator files(directory, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile file(files.next());
        if (file.open(QIODevice::ReadOnly))
            (void)file.readAll();
    }
    return static_cast<double>(clock.nsecsElapsed()) / 1e9;
}

void measureCatchUp(Rows &rows, const Endpoint &endpoint, const QString &state,
                    const Amounts &amounts)
{
    const QTemporaryDir folder;
    test::FaultProxy line(static_cast<quint16>(endpoint.url.port()));
    Endpoint throughLine = endpoint;
    throughLine.url.setPort(line.port());
    RuntimeClient direct(endpoint);
    App app(throughLine, folder.filePath(QStringLiteral("recovery")));
    const double seconds = app.catchUp(
        QStringLiteral("for i in range(%1): sys.stdout.write(('x' * 99 + '\\n') * 10000)")
            .arg(amounts.megabytes),
        line, direct);
    const qint64 wanted = qint64{amounts.megabytes} * 10'000;
    app.report(rows, "caught up", seconds, "lines lost",
               static_cast<double>(wanted - app.text().count(QLatin1Char('\n'))));
    rows.add("  the files only read", {{"s", secondsToRead(state + QStringLiteral("/kernels"))}});
}

void measure(const char *server, const Endpoint &endpoint, const Amounts &amounts,
             const QString &state = {})
{
    Rows rows(server);
    for (int i = 0; i < amounts.repeats; ++i) {
        measureOnce(rows, endpoint, amounts);
        if (!state.isEmpty())
            measureCatchUp(rows, endpoint, state, amounts);
    }
    if (amounts.repeats > 1)
        rows.printMedians();
}

bool isWanted(const char *server)
{
    const QByteArray only = qgetenv("FARCELL_FLOOD");
    return only.isEmpty() || only == server;
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
    if (argc > 4)
        amounts.repeats = std::atoi(argv[4]);
    if (isWanted("farcelld")) {
        test::Farcelld server;
        if (!server.start())
            qFatal("farcelld does not start");
        Endpoint endpoint;
        endpoint.url = QUrl(QStringLiteral("http://127.0.0.1:%1/").arg(server.port()));
        endpoint.token = QStringLiteral("test-token");
        measure("farcelld", endpoint, amounts, server.state());
    }
    if (!isWanted("jupyter-server") || !test::JupyterServer::isInstalled())
        return 0;
    test::JupyterServer server;
    if (!server.waitUntilReady())
        qFatal("jupyter-server does not start");
    measure("jupyter-server", server.endpoint(), amounts);
    return 0;
}
