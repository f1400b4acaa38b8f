#pragma once

#include "app/notebook/runtimehub.h"
#include "app/notebook/settings.h"
#include "app/outputs/outputarea.h"
#include "app/shell/keymap.h"
#include "app/shell/mainwindow.h"
#include "app/theme/style.h"
#include "app/theme/theme.h"

#include <QApplication>
#include <QFile>
#include <QTemporaryDir>

#include <memory>

namespace farcell::test {

// A window with everything main() makes for it, in folders of its own. makeWindow() a second time
// is the app started again on the same computer.
class WindowFixture
{
public:
    WindowFixture()
        : m_settings(QString())
        , m_keymap(QString())
    {
        m_theme.setChoice(ThemeSource::Choice::Light);
        Style::install(*qApp, m_theme);
        m_settings.setAutosave(false);
        useComputer(QStringLiteral("one"));
        // The embedded runtime's programs are not beside a test.
        if (!qgetenv("PATH").startsWith(FARCELL_BIN_DIR))
            qputenv("PATH", QByteArray(FARCELL_BIN_DIR ":") + qgetenv("PATH"));
    }
    ~WindowFixture() { closeWindow(); }
    Q_DISABLE_COPY_MOVE(WindowFixture)

    // From the next window on: state and configuration of another computer.
    void useComputer(const QString &name)
    {
        qputenv("XDG_STATE_HOME", path(name + QStringLiteral("/state")).toUtf8());
        qputenv("XDG_CONFIG_HOME", path(name + QStringLiteral("/config")).toUtf8());
    }
    MainWindow &makeWindow()
    {
        closeWindow();
        m_render = std::make_unique<RenderService>(m_theme);
        m_runtimes = std::make_unique<RuntimeHub>();
        m_window = std::make_unique<MainWindow>(
            Workspace{m_theme, *m_render, *m_runtimes, m_settings}, m_keymap);
        m_window->resize(1280, 860);
        m_window->show();
        return *m_window;
    }
    // As when the program is killed: nobody is asked, kernels go on.
    void closeWindow()
    {
        m_window.reset();
        m_runtimes.reset();
        m_render.reset();
    }

    [[nodiscard]] QString path(const QString &name) const { return m_folder.filePath(name); }
    [[nodiscard]] MainWindow &window() const { return *m_window; }
    [[nodiscard]] RuntimeHub &runtimes() const { return *m_runtimes; }
    [[nodiscard]] Settings &settings() { return m_settings; }
    [[nodiscard]] ThemeSource &theme() { return m_theme; }

    // The farcelld of a test, as a server elsewhere that new notebooks use.
    Runtime *connectTo(quint16 port)
    {
        Endpoint endpoint;
        endpoint.url = QUrl(QStringLiteral("http://127.0.0.1:%1/").arg(port));
        endpoint.token = QStringLiteral("test-token");
        Runtime *runtime = m_runtimes->remote(endpoint, QStringLiteral("gpu-box"));
        m_runtimes->setPreferred(runtime);
        return runtime;
    }

    static void write(const QString &path, const QByteArray &bytes)
    {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("cannot write %s", qPrintable(path));
    }
    static QByteArray read(const QString &path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    // A notebook of code cells c0, c1, … as nbformat writes it.
    static QByteArray notebook(const QList<QByteArray> &sources)
    {
        QByteArray cells;
        for (int i = 0; i < sources.size(); ++i) {
            QByteArray lines;
            const QList<QByteArray> split = sources.at(i).split('\n');
            for (int line = 0; line < split.size(); ++line)
                lines += QByteArray(line > 0 ? ",\n" : "") + "    \"" +
                         QByteArray(split.at(line)).replace('\\', "\\\\").replace('"', "\\\"") +
                         (line + 1 < split.size() ? "\\n\"" : "\"");
            cells += QByteArray(i > 0 ? ",\n" : "") +
                     "  {\n   \"cell_type\": \"code\",\n   \"execution_count\": null,\n"
                     R"(   "id": "c)" +
                     QByteArray::number(i) +
                     "\",\n   \"metadata\": {},\n   \"outputs\": [],\n   \"source\": [\n" + lines +
                     "\n   ]\n  }";
        }
        return "{\n \"cells\": [\n" + cells +
               "\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n";
    }

private:
    QTemporaryDir m_folder;
    ThemeSource m_theme;
    Settings m_settings;
    Keymap m_keymap;
    std::unique_ptr<RenderService> m_render;
    std::unique_ptr<RuntimeHub> m_runtimes;
    std::unique_ptr<MainWindow> m_window;
};

} // namespace farcell::test
