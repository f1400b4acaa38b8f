#pragma once

#include "app/celllist/celllistview.h"
#include "app/notebook/findbar.h"
#include "app/notebook/largetextview.h"
#include "app/notebook/outputpage.h"
#include "app/outputs/outputarea.h"
#include "app/recovery/recoveryjournal.h"
#include "app/theme/theme.h"
#include "core/client/kernelconnection.h"
#include "core/client/notebooksession.h"
#include "core/client/runtimeclient.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/faultproxy.h"

#include <QApplication>
#include <QDateTime>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QFutureWatcher>
#include <QLineEdit>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace farcell::test {

// In MB: what only this program holds, and all that is in memory.
inline double statusMB(const char *key)
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

constexpr double frameMs = 16.7;

// What was measured, by server and flood; prints the medians of several repeats.
class Rows
{
public:
    using Figures = std::vector<std::pair<std::string, double>>;

    explicit Rows(std::string server)
        : m_server(std::move(server))
    {}

    void add(const std::string &what, const Figures &figures)
    {
        if (m_rows.find(what) == m_rows.end())
            m_order.push_back(what);
        m_rows[what].push_back(figures);
        print(what, figures);
    }

    void printMedians() const
    {
        for (const std::string &what : m_order) {
            const std::vector<Figures> &all = m_rows.at(what);
            Figures medians = all.front();
            for (size_t i = 0; i < medians.size(); ++i) {
                std::vector<double> values(all.size());
                std::transform(all.begin(), all.end(), values.begin(),
                               [i](const Figures &one) { return one[i].second; });
                std::sort(values.begin(), values.end());
                medians[i].second = values[values.size() / 2];
            }
            print("median " + what, medians);
        }
    }

private:
    void print(const std::string &what, const Figures &figures) const
    {
        std::printf("%-14s %-22s", m_server.c_str(), what.c_str());
        for (const auto &[name, value] : figures)
            std::printf("  %s %.1f", name.c_str(), value);
        std::printf("\n");
        std::fflush(stdout);
    }

    std::string m_server;
    std::vector<std::string> m_order;
    std::map<std::string, std::vector<Figures>> m_rows;
};

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
        QDateTime clicked;
        m_kernelMs = -1;
        if (interruptAfter > 0) {
            QTimer::singleShot(interruptAfter, &loop, [&] {
                interrupted.start();
                clicked = QDateTime::currentDateTimeUtc();
                m_client.interruptKernel(m_kernel);
            });
            QObject::connect(
                m_connection.get(), &KernelConnection::messageReceived, &loop,
                [&](const KernelMessage &message) {
                    if (message.type() == QLatin1String("error") && clicked.isValid())
                        m_kernelMs = clicked.msecsTo(QDateTime::fromString(
                            QString::fromStdString(message.header.value("date", std::string())),
                            Qt::ISODateWithMs));
                });
        }
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

    // Opens the first cell's text in a tab and finds `wanted`, its last line, there and in the
    // notebook. Seconds; characters that the tab shows wrong.
    void openAndFind(Rows &rows, const QString &wanted)
    {
        OutputPage page(QStringLiteral("flood"), text(), m_theme);
        page.resize(1000, 800);
        page.show();
        double seconds = turnUntil([&page] { return !page.isReading(); });
        report(rows, "open in a tab", seconds, "lines",
               static_cast<double>(page.view().lines().count()));
        page.find(wanted);
        seconds = turnUntil([&page] { return !page.isSearching(); });
        report(rows, "find in the tab", seconds, "not shown",
               page.view().textSeen().contains(wanted) ? 0 : 1);
        page.hide();
        FindBar bar(m_document, m_folds, m_view, m_theme);
        bar.open(false);
        bar.findChildren<QLineEdit *>().first()->setText(wanted);
        seconds = turnUntil([&bar] { return !bar.isSearching(); });
        report(rows, "find in the notebook", seconds, "hits", bar.hitCount());
        bar.close();
    }

    // `last`: what is counted at the end of the line, and how it is called.
    void report(Rows &rows, const char *what, double seconds, const char *lastName, double last)
    {
        std::sort(m_gaps.begin(), m_gaps.end());
        const auto at = [this](double share) {
            return m_gaps.empty() ? 0
                                  : m_gaps[static_cast<size_t>(
                                        share * static_cast<double>(m_gaps.size() - 1))];
        };
        const auto late =
            std::count_if(m_gaps.begin(), m_gaps.end(), [](double gap) { return gap > frameMs; });
        rows.add(what, {{"s", seconds},
                        {"frame p50", at(0.5)},
                        {"p99", at(0.99)},
                        {"max ms", at(1)},
                        {"late", static_cast<double>(late)},
                        {"MB own", m_peakAnon},
                        {"MB all", m_peakAll},
                        {lastName, last}});
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
    [[nodiscard]] qint64 kernelMs() const { return m_kernelMs; }

    // Cuts the line while `code` runs, and lets it come back when the kernel is done. Seconds from
    // then until the cell is over. `direct` reaches the server beside `line`.
    double catchUp(const QString &code, FaultProxy &line, RuntimeClient &direct)
    {
        const CellId id = m_document.cellAt(0).id;
        m_document.setSource(id, QStringLiteral("time.sleep(1)\n") + code);
        QEventLoop loop;
        QObject::connect(&m_session, &NotebookSession::queueFinished, &loop, &QEventLoop::quit);
        m_session.run(std::span(&id, 1), NotebookSession::OnError::Continue);
        const auto isBusy = [&] {
            const auto kernels = wait(direct.kernels());
            return kernels && kernels->first().executionState == QLatin1String("busy");
        };
        while (!isBusy())
            pause(20);
        line.setRefusing(true);
        while (isBusy())
            pause(100);
        pause(500);
        return turnUntil([&, isBack = false]() mutable {
            if (!std::exchange(isBack, true)) {
                line.heal();
                m_connection->reconnectNow();
            }
            return !m_session.isBusy();
        });
    }

private:
    static void pause(int ms)
    {
        QEventLoop loop;
        QTimer::singleShot(ms, &loop, &QEventLoop::quit);
        loop.exec();
    }
    double turnUntil(const std::function<bool()> &isDone)
    {
        m_gaps.clear();
        const double anon = statusMB("RssAnon:");
        const double all = statusMB("VmRSS:");
        m_peakAnon = anon;
        m_peakAll = all;
        QElapsedTimer clock;
        clock.start();
        m_since.start();
        m_tick.start(4);
        while (!isDone() || m_gaps.size() < 20)
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        m_tick.stop();
        m_peakAnon -= anon;
        m_peakAll -= all;
        return static_cast<double>(clock.nsecsElapsed()) / 1e9;
    }

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
    qint64 m_kernelMs = 0;
};

} // namespace farcell::test
