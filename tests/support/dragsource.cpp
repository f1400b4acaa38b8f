// A window that offers files to be dragged out of it with the mouse, as a file manager does.
// dragsource PATH…
#include <QApplication>
#include <QDrag>
#include <QLabel>
#include <QMimeData>
#include <QMouseEvent>
#include <QUrl>

namespace {

class Source : public QLabel
{
public:
    using QLabel::QLabel;

protected:
    void mouseMoveEvent(QMouseEvent *event) override
    {
        if (!event->buttons().testFlag(Qt::LeftButton))
            return;
        auto *data = new QMimeData;
        QList<QUrl> urls;
        const QStringList paths = QCoreApplication::arguments().mid(1);
        for (const QString &path : paths)
            urls.append(QUrl::fromLocalFile(path));
        data->setUrls(urls);
        data->setText(paths.join(QLatin1Char('\n'))); // file managers offer this as well
        QDrag drag(this);
        drag.setMimeData(data);
        drag.exec(Qt::CopyAction | Qt::MoveAction, Qt::CopyAction);
    }
};

} // namespace

int main(int argc, char **argv)
{
    const QApplication application(argc, argv);
    Source source(QStringLiteral("drag me"));
    source.setWindowTitle(QStringLiteral("drag source"));
    source.setAlignment(Qt::AlignCenter);
    source.setGeometry(0, 0, 200, 120);
    source.show();
    return QApplication::exec();
}
