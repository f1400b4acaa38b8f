#include "app/main/guiapp.h"

#include "app/main/endsignals.h"
#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/runtimehub.h"
#include "app/notebook/settings.h"
#include "app/outputs/outputarea.h"
#include "app/recovery/recoverystore.h"
#include "app/shell/keymap.h"
#include "app/shell/mainwindow.h"
#include "app/shell/singleinstance.h"
#include "app/theme/style.h"
#include "app/theme/theme.h"

#include <QApplication>
#include <QDir>
#include <QMessageBox>
#include <QPushButton>
#include <QSessionManager>
#include <QTimer>

#include <chrono>

namespace farcell {

using namespace std::chrono_literals;

namespace {

void applyTheme(ThemeSource &theme, const Settings &settings)
{
    switch (settings.theme()) {
    case Settings::ThemeChoice::System:
        theme.setChoice(ThemeSource::Choice::System);
        break;
    case Settings::ThemeChoice::Light:
        theme.setChoice(ThemeSource::Choice::Light);
        break;
    case Settings::ThemeChoice::Dark:
        theme.setChoice(ThemeSource::Choice::Dark);
        break;
    }
    theme.setCodeFontSize(settings.codeFontSize());
}

void restoreNotebook(MainWindow &window, const RecoverableNotebook &lost)
{
    const RecoveryStore store;
    const Result<RecoveredNotebook> found = store.read(lost.file);
    if (!found)
        return;
    NotebookView *notebook = nullptr; // the file may be open already, as it is on disk
    const QList<Page *> pages = window.pages();
    for (Page *page : pages) {
        if (!lost.head.originalPath.isEmpty() && page->place() == lost.head.originalPath &&
            !page->isModified())
            notebook = qobject_cast<NotebookView *>(page);
    }
    if (!notebook)
        notebook = window.addNotebook();
    notebook->restore(*found, lost.file); // which its tab's own recovery file will replace
}

// After a crash: offers what was not saved.
void offerRecovery(MainWindow &window)
{
    const std::vector<RecoverableNotebook> lost = RecoveryStore().recoverable();
    if (lost.empty())
        return;
    QStringList names;
    for (const RecoverableNotebook &notebook : lost)
        names.append(notebook.head.title);
    auto *box = new QMessageBox(QMessageBox::NoIcon, QObject::tr("Unsaved changes"),
                                QObject::tr("Farcell ended last time with unsaved changes in: %1.")
                                    .arg(names.join(QStringLiteral(", "))),
                                QMessageBox::NoButton, &window);
    const QAbstractButton *open = box->addButton(QObject::tr("Open them"), QMessageBox::AcceptRole);
    const QAbstractButton *discard =
        box->addButton(QObject::tr("Throw them away"), QMessageBox::DestructiveRole);
    box->addButton(QObject::tr("Later"), QMessageBox::RejectRole);
    box->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(box, &QMessageBox::buttonClicked, &window,
                     [&window, lost, open, discard](const QAbstractButton *clicked) {
                         for (const RecoverableNotebook &notebook : lost) {
                             if (clicked == open)
                                 restoreNotebook(window, notebook);
                             else if (clicked == discard)
                                 RecoveryStore().remove(notebook.file);
                         }
                     });
    box->open();
}

void takeScreenshot(MainWindow &window, const QString &path)
{
    QTimer::singleShot(3s, &window, [&window, path] {
        window.grab().save(path);
        QCoreApplication::quit();
    });
}

} // namespace

int runGui(QApplication &application, const GuiOptions &options)
{
    SingleInstance instance;
    if (!options.newInstance && instance.handOver(options.files))
        return 0;
    if (!options.newInstance)
        instance.listen();

    Settings settings(Settings::directory() + QStringLiteral("/settings.json"));
    Keymap keymap(Settings::directory() + QStringLiteral("/keymap.json"));
    ThemeSource theme;
    applyTheme(theme, settings);
    Style::install(application, theme);
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/farcell/icons/app/farcell.svg")));
    QObject::connect(&settings, &Settings::changed, &theme,
                     [&theme, &settings] { applyTheme(theme, settings); });

    RuntimeHub runtimes;
    RenderService render(theme);
    MainWindow window({theme, render, runtimes, settings}, keymap);
    if (options.screenshot.isEmpty())
        window.restoreSession();
    for (const QString &file : options.files)
        window.openFile(file);
    window.show();
    if (!options.screenshot.isEmpty())
        takeScreenshot(window, options.screenshot);
    else
        offerRecovery(window);
    // Ready before the first cell is run; the window comes first.
    if (settings.prewarm())
        QTimer::singleShot(200ms, &window, [&runtimes, &window] {
            runtimes.local()->whenReady(&window, [](const Result<RuntimeClient *> &) {});
        });

    QObject::connect(&instance, &SingleInstance::filesReceived, &window,
                     [&window](const QStringList &files) {
                         for (const QString &file : files)
                             window.openFile(file);
                         window.show();
                         window.raise();
                         window.activateWindow();
                     });
    // Requests to end the kernels are on their way; give them a moment to leave.
    QObject::connect(&window, &MainWindow::quitRequested, &application,
                     [] { QTimer::singleShot(400ms, qApp, &QCoreApplication::quit); });
    const auto keepAll = [&window] {
        window.saveSession();
        const QList<Page *> pages = window.pages();
        for (Page *page : pages) {
            if (auto *notebook = qobject_cast<NotebookView *>(page))
                notebook->flushJournal();
        }
    };
    QObject::connect(&application, &QGuiApplication::commitDataRequest, &window, keepAll);
    // Nobody can be asked: unsaved edits wait in their recovery files, kernels go on.
    const EndSignals ending;
    QObject::connect(&ending, &EndSignals::endRequested, &window, [keepAll] {
        keepAll();
        QCoreApplication::exit(0);
    });
    return QApplication::exec();
}

} // namespace farcell
