#include "app/cli/cli.h"

#include <QCoreApplication>

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    return farcell::runCli(application, QCoreApplication::arguments().mid(1));
}
