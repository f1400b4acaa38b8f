#pragma once

#include <QProcess>
#include <QStandardPaths>
#include <QTest>
#include <QWidget>

namespace farcell::test {

// An X display of its own with a window manager, and a mouse and keys that come through the X
// server as a person's do. start() before the QApplication is made.
class XDesktop
{
public:
    XDesktop() = default;
    ~XDesktop()
    {
        for (QProcess *process : {&m_manager, &m_server}) {
            process->terminate();
            process->waitForFinished();
        }
    }
    Q_DISABLE_COPY_MOVE(XDesktop)

    // False if the programs are not there.
    bool start()
    {
        for (const char *program : {"Xvfb", "openbox", "xdotool"}) {
            if (QStandardPaths::findExecutable(QLatin1String(program)).isEmpty())
                return false;
        }
        m_server.start(QStringLiteral("Xvfb"),
                       {QStringLiteral("-displayfd"), QStringLiteral("1"),
                        QStringLiteral("-screen"), QStringLiteral("0"),
                        QStringLiteral("1600x1000x24"), QStringLiteral("-nolisten"),
                        QStringLiteral("tcp")});
        if (!m_server.waitForReadyRead(30000))
            return false;
        qputenv("DISPLAY", ":" + m_server.readLine().trimmed());
        qputenv("QT_QPA_PLATFORM", "xcb");
        qunsetenv("WAYLAND_DISPLAY");
        m_manager.setStandardErrorFile(QProcess::nullDevice());
        m_manager.start(QStringLiteral("openbox"), QStringList());
        return m_manager.waitForStarted();
    }

    // xdotool's own words; our windows go on meanwhile.
    static bool act(const QString &words)
    {
        QProcess tool;
        tool.start(QStringLiteral("xdotool"), words.split(QLatin1Char(' '), Qt::SkipEmptyParts));
        return QTest::qWaitFor([&tool] { return tool.state() == QProcess::NotRunning; }, 60000) &&
               tool.exitCode() == 0;
    }
    static QString to(const QPoint &global)
    {
        return QStringLiteral(" mousemove %1 %2 sleep 0.1 ").arg(global.x()).arg(global.y());
    }
    static bool click(const QWidget *widget, const QPoint &at, int button = 1)
    {
        return act(to(widget->mapToGlobal(at)) + QStringLiteral("click %1").arg(button));
    }
    static bool click(const QWidget *widget) { return click(widget, widget->rect().center()); }
    static bool doubleClick(const QWidget *widget, const QPoint &at)
    {
        return act(to(widget->mapToGlobal(at)) + QStringLiteral("click --repeat 2 --delay 60 1"));
    }
    static bool drag(const QPoint &from, const QPoint &target)
    {
        QString words = to(from) + QStringLiteral("mousedown 1");
        for (int step = 1; step <= 10; ++step)
            words += to(from + (target - from) * step / 10);
        return act(words + to(target) + QStringLiteral("mouseup 1"));
    }

private:
    QProcess m_server;
    QProcess m_manager;
};

} // namespace farcell::test
